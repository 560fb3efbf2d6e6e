import DNS
import Synchronization

/// How one server treats queries, as far as it was learnt: whether it repeats a name's spelling,
/// knows EDNS, and takes and gives cookies. Shared by all workers; each use is short.
///
/// All three make forging its replies harder (RFC 5452 §9.2, RFC 7873 §6), and none may cost more than
/// a few queries with a server that does not play along: what breaks is left off for an hour, then
/// tried again. Only good answers teach: an error may be about the question.
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
    fileprivate enum Echo {
        case unknown, kept
        case broken(until: Int64)

        var isKept: Bool {
            if case .kept = self { true } else { false }
        }
    }

    fileprivate struct State {
        var echo = Echo.unknown
        /// Spellings that did not come back since that was learnt.
        var otherSpellings = 0

        /// Whether it has given a good answer to a query with EDNS.
        var knowsEDNS = false
        /// Until when it is asked without EDNS.
        var plainUntil: Int64 = .min
        /// Good answers in a row to queries without EDNS, where those with it had none.
        var plainAnswers = 0

        /// Whether it has given a good answer to a query with a cookie.
        var knowsCookies = false
        /// What goes into a query: the client cookie, and the server's behind it once it gave one.
        var cookie: [UInt8]
        var hasServerCookie: Bool { cookie.count > UpstreamManners.clientCookieLength }
        /// Until when it is asked without a cookie.
        var cookielessUntil: Int64 = .min
        /// Good answers to queries without a cookie where those with one had none, and replies that did
        /// not have the cookie that they should have had.
        var cookieLapses = 0

        /// Queries in a row that it left unanswered, or answered with what may be a dislike of EDNS.
        var silences = 0
        /// When it gave its last good answer.
        var lastGoodAt: Int64 = .min

        mutating func forgetServerCookie() {
            cookie = Array(cookie.prefix(UpstreamManners.clientCookieLength))
        }

        /// Forgets what it took; what broke it stays off for its hour.
        mutating func forgetWhatItTakes() {
            echo = if case .kept = echo { .unknown } else { echo }
            knowsEDNS = false
            knowsCookies = false
            forgetServerCookie()
            silences = 0
        }
    }

    /// Made of the process's secret and the server's address (RFC 7873 §4.1).
    let clientCookie: [UInt8]
    private let state: Mutex<State>

    /// How long what breaks a server is left off, in nanoseconds.
    fileprivate static let relearnTime: Int64 = 3600 * 1_000_000_000
    /// So many lapses are an accident, or forged; with one more it is the server.
    fileprivate static let toleratedLapses = 2
    /// After so many silences in a row, and so many nanoseconds without a good answer, what was learnt may
    /// have been another server's. Names that nobody answers are not enough, or a client could undo it.
    private static let toleratedSilences = 5
    private static let toleratedQuiet: Int64 = 30 * 1_000_000_000
    /// RFC 7873 §4: a client cookie has 8 octets, a server cookie 8 to 32.
    fileprivate static let clientCookieLength = 8
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
        clientCookie = (0..<Self.clientCookieLength).map {
            UInt8(truncatingIfNeeded: word >> (8 * $0))
        }
        state = Mutex(State(cookie: clientCookie))
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
            let takesCookie =
                state.cookielessUntil <= now && (state.hasServerCookie || !cautious)
            return Manner(
                withEDNS: state.plainUntil <= now && (state.knowsEDNS || !cautious),
                randomizesCase: randomizesCase,
                cookie: takesCookie ? state.cookie : nil)
        }
    }

    // MARK: What answers teach

    /// It has given a good answer to an attempt.
    func answered(_ attempt: Attempt, now: Int64) {
        let form = attempt.form
        state.withLock { state in
            state.silences = 0
            state.lastGoodAt = now
            if !state.echo.isKept, form.randomizesCase, attempt.hasCapitals {
                // A name that was spelled without capitals says nothing.
                state.echo = .kept
            }
            if form.withEDNS {
                state.knowsEDNS = true
                state.plainAnswers = 0
                if form.cookie != nil {
                    state.knowsCookies = true
                } else if attempt.isPlainer {
                    state.noteCookieLapse(now: now)
                }
            } else if attempt.isPlainer, state.plainUntil <= now {
                state.plainAnswers += 1
                guard state.plainAnswers > Self.toleratedLapses else { return }
                state.knowsEDNS = false
                state.plainAnswers = 0
                state.plainUntil = now + Self.relearnTime
            }
        }
    }

    /// It has left a query unanswered for longer than is usual, or given an answer that may be a
    /// dislike of EDNS or the cookie (RFC 6891 §7). Whether it is known to take a query of this form,
    /// so that the dislike is of something else.
    @discardableResult
    func silent(_ form: QueryForm, now: Int64) -> Bool {
        state.withLock { state in
            state.silences += 1
            let isQuiet = state.lastGoodAt < now - Self.toleratedQuiet
            if isQuiet, state.silences >= Self.toleratedSilences { state.forgetWhatItTakes() }
            return state.knowsEDNS && (form.cookie == nil || state.knowsCookies)
        }
    }

    /// A reply that was right but for the spelling; whether the server was known to repeat it, so that
    /// the reply is hardly its own.
    func spellingLost(now: Int64) -> Bool {
        state.withLock { state in
            guard case .kept = state.echo else {
                state.echo = .broken(until: now + Self.relearnTime)
                return false
            }
            state.otherSpellings += 1
            if state.otherSpellings > Self.toleratedLapses {
                state.echo = .broken(until: now + Self.relearnTime)
                state.otherSpellings = 0
            }
            return true
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
    func judge(cookie: [UInt8]?, now: Int64) -> CookieVerdict {
        guard let cookie else {
            return state.withLock { state in
                guard state.hasServerCookie else { return .acceptable }
                state.noteCookieLapse(now: now)
                return .missing
            }
        }
        guard cookie.prefix(clientCookie.count).elementsEqual(clientCookie) else {
            state.withLock { $0.noteCookieLapse(now: now) }
            return .foreign
        }
        // A reply may have the client cookie alone; a wrong length is none.
        let serverLength = cookie.count - clientCookie.count
        guard Self.serverCookieLength.contains(serverLength) else { return .acceptable }
        state.withLock { $0.cookie = cookie }
        return .acceptable
    }
}

extension UpstreamManners.State {
    /// Cookies do not work with this server; with too many such signs they are left off.
    fileprivate mutating func noteCookieLapse(now: Int64) {
        cookieLapses += 1
        guard cookieLapses > UpstreamManners.toleratedLapses else { return }
        cookieLapses = 0
        knowsCookies = false
        forgetServerCookie()
        cookielessUntil = now + UpstreamManners.relearnTime
    }
}
