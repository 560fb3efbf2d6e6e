import DNS

/// An upstream's response, read.
struct UpstreamResponse {
    enum Section { case answer, authority, additional }

    struct Record {
        let section: Section
        let owner: DomainName
        let bounds: ResourceRecord
        let rdata: [UInt8]
        /// Where an alias leads: the name in a CNAME or DNAME record.
        let target: DomainName?
        /// RDATA that the policy put in the place of what came.
        var replacement: [UInt8]?
        var isRemoved = false

        var type: RRType { bounds.type }

        /// The type that an RRSIG record covers (RFC 4034 §3.1.1).
        var covered: RRType? {
            guard type == .rrsig, rdata.count >= 2 else { return nil }
            return RRType(rawValue: UInt16(rdata[0]) << 8 | UInt16(rdata[1]))
        }
    }

    let header: Header
    var records: [Record] = []
    private(set) var edns: EDNS?

    init(_ message: Span<UInt8>) throws(MessageError) {
        guard let header = Header(message) else { throw .truncated(at: 0) }
        self.header = header
        var reader = MessageReader(message, at: Header.length)
        for _ in 0..<header.questionCount {
            try reader.skipName()
            try reader.skip(4)
        }
        let answers = Int(header.answerCount)
        let authorities = answers + Int(header.authorityCount)
        for index in 0..<authorities + Int(header.additionalCount) {
            let bounds = try reader.readRecord()
            if bounds.type == .opt {
                edns = EDNS(bounds)
                continue
            }
            // What belongs to the message and not to the data goes no further.
            guard bounds.type.isData, bounds.rrClass == RRClass.internet else { continue }
            let isAlias = bounds.type == .cname || bounds.type == .dname
            records.append(
                Record(
                    section: index < answers
                        ? .answer : index < authorities ? .authority : .additional,
                    owner: try MessageReader.name(in: message, at: bounds.ownerOffset),
                    bounds: bounds, rdata: message.array(bounds.rdata),
                    target: isAlias
                        ? try MessageReader.name(in: message, at: bounds.rdata.lowerBound) : nil))
        }
    }

    var rcode: RCode {
        RCode(rawValue: UInt16(edns?.extendedRCode ?? 0) << 4 | header.rcode.rawValue)
    }

    /// The names from the question's along its aliases, in order.
    func chain(from question: UpstreamQuestion, maximumLength: Int) -> [DomainName] {
        var chain = [question.name]
        guard question.type != .cname else { return chain }
        while chain.count < maximumLength,
            let alias = records.first(where: {
                $0.section == .answer && $0.type == .cname && $0.owner == chain[chain.count - 1]
            }), let target = alias.target, !chain.contains(target)
        {
            chain.append(target)
        }
        return chain
    }

    /// The answer section's records that belong to the chain, in order: each alias with its
    /// signatures, the DNAME records behind aliases, then the records asked for.
    func answer(_ chain: [DomainName], _ question: UpstreamQuestion) -> [Record] {
        let answers = records.filter { $0.section == .answer }
        var ordered: [Record] = []
        for (index, owner) in chain.enumerated() {
            let isLast = index == chain.count - 1
            if !isLast {
                ordered += answers.filter {
                    ($0.type == .dname || $0.covered == .dname) && owner != $0.owner
                        && owner.isAtOrBelow($0.owner)
                }
            }
            let wanted = isLast ? question.type : .cname
            ordered += answers.filter {
                $0.owner == owner && ($0.type == wanted || $0.covered == wanted)
            }
        }
        return ordered
    }

    /// Whether records of the type asked for stand at the end of the chain.
    func hasData(_ chain: [DomainName], _ question: UpstreamQuestion) -> Bool {
        records.contains {
            $0.section == .answer && !$0.isRemoved && $0.type == question.type
                && $0.owner == chain.last
        }
    }

    var hasSOA: Bool {
        records.contains { $0.section == .authority && $0.type == .soa }
    }

    func kind(_ chain: [DomainName], _ question: UpstreamQuestion) -> AnswerKind {
        switch rcode {
        case .noError where hasData(chain, question): .positive
        case .noError where hasSOA: .negative
        case .noError where chain.count > 1: .incomplete
        case .noError: .brief
        case .nameError where chain.count > 1 || !hasSOA: .brief
        case .nameError: .negative
        case .serverFailure, .notImplemented: .failure
        default: .uncacheable
        }
    }
}
