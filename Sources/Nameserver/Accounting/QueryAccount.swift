package import DNS

/// What a worker counts of its clients' queries and its responses to them, by kind. It goes on over
/// reloads: a view is known by its name. Owned by the worker's queue.
package final class QueryAccount {
    private var counters: CounterTable
    private var views: [String]
    /// What was counted for views that the snapshot does not have.
    private var formerViews: [String: [UInt64]] = [:]
    private var times = TimeHistograms()
    private var hasUnsent = false

    init(_ snapshot: Snapshot) {
        views = snapshot.views.map(\.name)
        counters = CounterTable(count: AccountLayout.count(views: views.count))
    }

    /// Counts for the views of another snapshot from now on.
    func change(_ snapshot: Snapshot) {
        let names = snapshot.views.map(\.name)
        guard names != views else { return }
        let old = counters
        for (name, counts) in byView.dropFirst() where counts.contains(where: { $0 > 0 }) {
            if let name { formerViews[name] = counts }
        }
        counters = CounterTable(count: AccountLayout.count(views: names.count))
        for index in 0..<AccountLayout.row(view: 0).lowerBound { counters[index] = old[index] }
        for (view, name) in names.enumerated() {
            guard let counts = formerViews.removeValue(forKey: name) else { continue }
            for (index, count) in zip(AccountLayout.row(view: view), counts) {
                counters[index] = count
            }
        }
        views = names
        old.free()
    }

    deinit { counters.free() }

    // MARK: Counting

    /// Counts a query of `length` octets that came from a client of a view, -1 for none.
    @inline(__always)
    func addQuery(
        view: Int, _ type: RRType, from client: IPAddress, over transport: ClientTransport,
        length: Int
    ) {
        let counters = counters
        let kind = QueryKind.index(type, isIPv4: client.isIPv4, isTCP: transport == .tcp)
        counters[AccountLayout.row(view: view).lowerBound &+ kind] &+= 1
        SizeHistogram.add(length, transport, to: counters, at: AccountLayout.querySizes)
    }

    /// Counts what a limit did to a query of a view's client, -1 for none.
    func add(_ action: LimitAction, view: Int) {
        counters[AccountLayout.row(view: view).lowerBound &+ QueryKind.count &+ action.rawValue] &+=
            1
    }

    /// Counts a response of `length` octets.
    @inline(__always)
    func addResponse(
        _ source: AnswerSource, rcode: UInt8, over transport: ClientTransport, length: Int
    ) {
        let counters = counters
        counters[AccountLayout.responses(source) &+ RCodes.slot(rcode)] &+= 1
        SizeHistogram.add(length, transport, to: counters, at: AccountLayout.responseSizes)
    }

    /// The response that was counted last goes out with the others of its round.
    @inline(__always)
    func addUnsent(_ source: AnswerSource) {
        counters[AccountLayout.unsent &+ source.number] &+= 1
        hasUnsent = true
    }

    /// Whether `sent` has something to count.
    package var awaitsSending: Bool { hasUnsent }

    /// The responses that were waiting for it have gone out, so long after their queries came.
    package func sent(after nanoseconds: Int64) {
        hasUnsent = false
        for source in AnswerSource.allCases {
            let index = AccountLayout.unsent &+ source.number
            guard counters[index] > 0 else { continue }
            times.add(source, nanoseconds, count: counters[index])
            counters[index] = 0
        }
    }

    /// A response has gone out by itself.
    package func sent(_ source: AnswerSource, after nanoseconds: Int64) {
        times.add(source, nanoseconds, count: 1)
    }

    // MARK: What was counted

    /// Everything, as of now.
    package var counted: QueryCounts {
        QueryCounts(
            byView: byView + formerViews.sorted { $0.key < $1.key }.map { ($0.key, $0.value) },
            counters: counters.counters(0..<AccountLayout.unsent), times: times)
    }

    /// Clients in no view first.
    private var byView: [(name: String?, counts: [UInt64])] {
        ([nil] + views.map(Optional.some)).enumerated().map { index, name in
            (name, counters.counters(AccountLayout.row(view: index - 1)))
        }
    }
}

extension QueryProcessor {
    /// Counts that the query that was processed last may not wait for an upstream.
    package func countRefusedWaiting(of client: IPAddress) { note(.waitingRefused, client) }

    /// Counts the query that was processed last, to which there is no response yet.
    @inline(__always)
    package func countQuery(
        length: Int, from client: IPAddress, over transport: ClientTransport
    ) {
        account.addQuery(
            view: viewNumber, askedType, from: client, over: transport, length: length)
    }

    /// Counts the query that was processed last and its response, which goes out in this round.
    package func countQuery(
        length: Int, from client: IPAddress, over transport: ClientTransport,
        response: Span<UInt8>
    ) {
        countQuery(length: length, from: client, over: transport)
        countResponse(response, over: transport)
        account.addUnsent(lastSource)
    }

    /// Counts the response that was made last.
    @inline(__always)
    package func countResponse(_ response: Span<UInt8>, over transport: ClientTransport) {
        account.addResponse(
            lastSource, rcode: code(of: response), over: transport, length: response.count)
    }

    /// The code of the response that was made last, with what its OPT record says of it (RFC 6891 §6.1.3).
    package func code(of response: Span<UInt8>) -> UInt8 {
        response[3] & 0x0f | options.extendedRCode
    }
}

/// Where what stands among a worker's counters.
enum AccountLayout {
    /// As many as `AnswerSource` has; a number, so that all that follows are numbers for the compiler.
    private static let sources = 9
    static let querySizes = sources * RCodes.slots
    static let responseSizes = querySizes + SizeHistogram.length
    /// By source, responses that were made and not sent yet.
    static let unsent = responseSizes + SizeHistogram.length
    /// Queries of clients in no view, and behind them those of each view of the snapshot: by `QueryKind`,
    /// then what limits did to them.
    private static let rows = unsent + sources
    /// A power of two, so that finding a view's row takes no multiplication.
    private static let rowLength = 128

    /// By RCODE.
    @inline(__always)
    static func responses(_ source: AnswerSource) -> Int { source.number &* RCodes.slots }

    /// -1 for clients in no view.
    @inline(__always)
    static func row(view: Int) -> Range<Int> {
        let start = rows &+ (view &+ 1) &* rowLength
        return start..<start &+ rowLength
    }

    static func count(views: Int) -> Int { row(view: views - 1).upperBound }
}

/// Kinds of queries, numbered: by transport, address family and type.
package enum QueryKind {
    /// The types that are counted by themselves; all others are one.
    package static let types: [RRType] = [
        .a, .aaaa, .https, .svcb, .ptr, .txt, .mx, .srv, .ns, .soa, .cname, .ds, .dnskey, .caa,
        .any,
    ]

    private static let typeSlots = 16
    static let count = 4 * typeSlots

    @inline(__always)
    static func index(_ type: RRType, isIPv4: Bool, isTCP: Bool) -> Int {
        (isTCP ? 2 &* typeSlots : 0) &+ (isIPv4 ? 0 : typeSlots) &+ slot(type)
    }

    /// Where a type stands among `types`; behind them when it does not.
    @inline(__always)
    private static func slot(_ type: RRType) -> Int {
        switch type {
        case .a: 0
        case .aaaa: 1
        case .https: 2
        case .svcb: 3
        case .ptr: 4
        case .txt: 5
        case .mx: 6
        case .srv: 7
        case .ns: 8
        case .soa: 9
        case .cname: 10
        case .ds: 11
        case .dnskey: 12
        case .caa: 13
        case .any: 14
        default: 15
        }
    }
}

/// The RCODEs that responses have, numbered.
package enum RCodes {
    static let slots = 16
    /// BADVERS and BADCOOKIE have the last slots, which no code of the header that is sent has.
    private static let badVersion = 14
    private static let badCookie = 15

    @inline(__always)
    static func slot(_ rcode: UInt8) -> Int {
        rcode < 14 ? Int(rcode) : extendedSlot(rcode)
    }

    private static func extendedSlot(_ rcode: UInt8) -> Int {
        UInt16(rcode) == RCode.badVersion.rawValue ? badVersion : badCookie
    }

    /// The code that a slot stands for.
    package static func rcode(slot: Int) -> RCode {
        switch slot {
        case badVersion: .badVersion
        case badCookie: .badCookie
        default: RCode(rawValue: UInt16(slot))
        }
    }
}
