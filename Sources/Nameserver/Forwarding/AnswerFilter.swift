import DNS

/// Carries out what the policies say about one upstream response, and knows what it altered.
struct AnswerFilter {
    /// HTTPS and SVCB records removed or changed, by the policy for them.
    private(set) var changedServiceRecords: UInt64 = 0
    /// Those of them that stayed, with something taken out.
    private(set) var rewrittenServiceRecords: UInt64 = 0
    private(set) var malformedServiceRecords: UInt64 = 0
    /// Address records and address hints removed by the rebind protection.
    private(set) var removedAddresses: UInt64 = 0

    private let httpsRecords: HTTPSRecordPolicy
    private let rebindProtection: RebindProtection
    private var altered: Set<UpstreamResponse.RRsetName> = []
    /// The type of the service record that was changed first.
    private var changedType = RRType.https

    init(_ question: UpstreamQuestion) {
        httpsRecords = question.policy.httpsRecords
        rebindProtection = question.rebindProtection
    }

    var hasAltered: Bool { !altered.isEmpty }

    /// Applies the policies to every record of every section; an altered RRset loses its
    /// signatures.
    mutating func apply(to response: inout UpstreamResponse) {
        for index in response.records.indices where !response.records[index].isRemoved {
            switch response.records[index].type {
            case .https, .svcb: filterServiceRecord(index, &response)
            case .a, .aaaa: filterAddress(index, &response)
            default: break
            }
        }
        guard hasAltered else { return }
        for index in response.records.indices where response.records[index].covered != nil {
            if altered.contains(response.rrset(of: response.records[index])) {
                response.records[index].isRemoved = true
            }
        }
    }

    private mutating func filterAddress(_ index: Int, _ response: inout UpstreamResponse) {
        guard rebindProtection.isOn,
            let address = IPAddress(
                response.message.extracting(response.records[index].bounds.rdata)),
            rebindProtection.removes(address)
        else { return }
        response.records[index].isRemoved = true
        removedAddresses += 1
        note(index, response)
    }

    private mutating func filterServiceRecord(_ index: Int, _ response: inout UpstreamResponse) {
        let owner = response.name(at: response.records[index].owner)
        let isDNSServer = owner.labels.first.map { $0.elementsEqual("_dns".utf8) } ?? false
        let rdata = response.rdata(of: response.records[index])
        switch httpsRecords.outcome(rdata: rdata.span, isDNSServer: isDNSServer) {
        case .keep: break
        case .remove(let isMalformed):
            response.records[index].isRemoved = true
            if isMalformed { malformedServiceRecords += 1 }
            noteServiceRecord(index, response)
            return
        case .replace(let rdata):
            replace(index, by: rdata, &response)
            rewrittenServiceRecords += 1
            noteServiceRecord(index, response)
        }
        filterHints(index, &response)
    }

    private mutating func filterHints(_ index: Int, _ response: inout UpstreamResponse) {
        guard rebindProtection.isOn else { return }
        let rdata = response.rdata(of: response.records[index])
        guard let binding = try? ServiceBinding(rdata: rdata.span) else { return }
        let (filtered, count) = binding.removingHints { rebindProtection.removes($0) }
        guard count > 0 else { return }
        replace(index, by: filtered.rdata, &response)
        removedAddresses += UInt64(count)
        note(index, response)
    }

    private func replace(
        _ index: Int, by rdata: [UInt8], _ response: inout UpstreamResponse
    ) {
        response.records[index].replacement = response.replacements.count
        response.replacements.append(rdata)
    }

    private mutating func noteServiceRecord(_ index: Int, _ response: borrowing UpstreamResponse) {
        if changedServiceRecords == 0 { changedType = response.records[index].type }
        changedServiceRecords += 1
        note(index, response)
    }

    private mutating func note(_ index: Int, _ response: borrowing UpstreamResponse) {
        altered.insert(response.rrset(of: response.records[index]))
    }
}

extension AnswerFilter {
    /// What the client is told of it: Filtered when all that `type` asked for was removed, Forged
    /// Answer when something else is left than what upstream said (RFC 8914 §4.18, §4.5); nil when
    /// nothing was altered.
    func extendedError(asked type: RRType, isEmptied: Bool) -> ExtendedErrorOption? {
        guard hasAltered else { return nil }
        let code = isEmptied ? ExtendedError.filtered : ExtendedError.forgedAnswer
        // An emptied answer was emptied by the policy for its type.
        let isService = type == .https || type == .svcb
        guard isEmptied ? isService : removedAddresses == 0 else {
            return ExtendedErrorOption(code, "private addresses removed (rebind-protection)")
        }
        let setting = "(https-records: \(httpsRecords.rawValue))"
        guard isEmptied else {
            return ExtendedErrorOption(code, "\(changedType) records changed \(setting)")
        }
        guard malformedServiceRecords < changedServiceRecords else {
            return ExtendedErrorOption(code, "malformed \(changedType) record removed")
        }
        switch httpsRecords {
        case .remove, .pass:
            return ExtendedErrorOption(code, "\(changedType) record removed \(setting)")
        case .removeH3, .rewriteH3, .rewriteH3AndECH:
            return ExtendedErrorOption(
                code, "\(changedType) record that offers HTTP/3 removed \(setting)")
        }
    }
}
