import DNS
import Synchronization

/// How one server treats queries, as far as it was learnt: whether it repeats a name's spelling,
/// knows EDNS, and has given a cookie. Shared by all workers; each use is short.
///
/// All three make forging its replies harder (RFC 5452 §9.2, RFC 7873 §6), and none may cost a
/// query with a server that does not play along: what breaks is left off for an hour, then tried
/// again.
final class UpstreamManners: Sendable {
    /// What goes into a query to it.
    struct Manner: Equatable {
        var withEDNS: Bool
        /// Whether letters get a random case.
        var randomizesCase: Bool
        /// The data of the COOKIE option: the client cookie, then the server's if it gave one.
        var cookie: [UInt8]?
    }

    /// Whether it repeats the question's letters as they were spelled ("0x20").
    private enum Echo {
        case unknown, kept
        case broken(until: Int64)
    }

    private struct State {
        var echo = Echo.unknown
        /// Spellings that did not come back in a row.
        var mismatches = 0
        /// Whether it has answered a query with EDNS.
        var knowsEDNS = false
        /// Until when it is asked without EDNS.
        var plainUntil: Int64 = .min
        /// Answers in a row to queries without EDNS, where those with it had none.
        var plainAnswers = 0
        var serverCookie: [UInt8] = []
        /// Replies in a row that should have had the cookie.
        var missingCookies = 0
    }

    /// Made of the process's secret and the server's address (RFC 7873 §4.1).
    let clientCookie: [UInt8]
    private let state = Mutex(State())

    /// How long what breaks a server is left off, in nanoseconds.
    private static let relearnTime: Int64 = 3600 * 1_000_000_000
    /// A server that was known to repeat spellings, or to show its cookie, and does not so often in a
    /// row has been replaced by another one; until then such a reply counts as forged.
    private static let toleratedLapses = 3
    /// RFC 7873 §4: a server cookie has 8 to 32 octets.
    static let serverCookieLength = 8...32

    init(_ address: UpstreamAddress, cookieKey: SipHash.Key) {
        var hash = SipHash(cookieKey)
        switch address.address {
        case .v4(let bits): hash.combine(UInt64(bits))
        case .v6(let high, let low):
            hash.combine(high)
            hash.combine(low)
        }
        let word = hash.finish(rest: UInt64(address.port), count: 24)
        clientCookie = (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
    }

    /// How to ask it at `now`; a `cautious` query has only what the server is known to take, since an
    /// earlier one got no answer.
    func manner(now: Int64, cautious: Bool) -> Manner {
        state.withLock { state in
            if case .broken(let until) = state.echo, until <= now { state.echo = .unknown }
            let randomizesCase =
                switch state.echo {
                case .kept: true
                case .unknown: !cautious
                case .broken: false
                }
            let isCookieKnown = !state.serverCookie.isEmpty
            return Manner(
                withEDNS: state.plainUntil <= now && (state.knowsEDNS || !cautious),
                randomizesCase: randomizesCase,
                cookie: isCookieKnown || !cautious ? clientCookie + state.serverCookie : nil)
        }
    }

    // MARK: Spelling

    /// A reply had the random spelling.
    func spellingKept() {
        state.withLock { state in
            state.echo = .kept
            state.mismatches = 0
        }
    }

    /// A reply that was right but for the spelling; whether the server was known to repeat it, so that
    /// the reply is hardly its own.
    func spellingLost(now: Int64) -> Bool {
        state.withLock { state in
            state.mismatches += 1
            guard case .kept = state.echo else {
                state.echo = .broken(until: now + Self.relearnTime)
                return false
            }
            if state.mismatches >= Self.toleratedLapses {
                state.echo = .broken(until: now + Self.relearnTime)
                state.mismatches = 0
            }
            return true
        }
    }

    // MARK: EDNS

    /// It has answered a query with or without EDNS. The latter is asked only after the former has
    /// failed; a server that does so again and again does not take EDNS (RFC 6891 §7).
    func answered(withEDNS: Bool, now: Int64) {
        state.withLock { state in
            if withEDNS {
                state.knowsEDNS = true
                state.plainAnswers = 0
            } else if state.plainUntil <= now {
                state.plainAnswers += 1
                guard state.plainAnswers >= Self.toleratedLapses else { return }
                state.knowsEDNS = false
                state.plainAnswers = 0
                state.plainUntil = now + Self.relearnTime
            }
        }
    }

    // MARK: Cookies

    /// What a reply's COOKIE option says of who sent it.
    enum CookieVerdict: Equatable {
        /// It has our client cookie, or never showed any.
        case acceptable
        /// Another client cookie than ours: it is to be discarded (RFC 7873 §5.3).
        case foreign
        /// None, from a server that has shown one.
        case missing
    }

    /// Judges a reply's COOKIE option, and keeps the server cookie in it.
    func judge(cookie: [UInt8]?) -> CookieVerdict {
        guard let cookie else {
            return state.withLock { state in
                guard !state.serverCookie.isEmpty else { return .acceptable }
                state.missingCookies += 1
                if state.missingCookies >= Self.toleratedLapses {
                    state.serverCookie = []
                    state.missingCookies = 0
                }
                return .missing
            }
        }
        guard cookie.prefix(clientCookie.count).elementsEqual(clientCookie) else {
            return .foreign
        }
        let server = Array(cookie.dropFirst(clientCookie.count))
        // A reply may have the client cookie alone; a wrong length is none.
        guard Self.serverCookieLength.contains(server.count) else { return .acceptable }
        state.withLock { state in
            state.serverCookie = server
            state.missingCookies = 0
        }
        return .acceptable
    }
}
