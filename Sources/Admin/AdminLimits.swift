/// What a client of the admin pages may cost. All is far above what browsers and scrapers need, and far
/// below what the server would notice.
enum AdminLimits {
    /// A browser takes six, a scraper one. Each takes a descriptor and some kilobytes. Another one closes
    /// the connection on which nothing has happened for longest, so that a forgotten thousand keep
    /// nobody out.
    static let connections = 64
    /// A browser's head has one kilobyte, with cookies of other pages at `localhost` a few more.
    static let headOctets = 16 << 10
    /// A browser sends some twenty, with a proxy in front a few more. Each costs as much as there are before
    /// it, and they are taken apart before any rule is asked.
    static let fields = 100
    /// Octets of empty lines before a request: RFC 9112 §2.2 knows of one line.
    static let emptyLineOctets = 8
    /// A body is a name to flush.
    static let bodyOctets = 4 << 10
    /// From its first octet on. It is sent at once, but for a terminal where someone types it.
    static let requestSeconds = 10
    /// Between two requests: more than a minute, as often as most scrapers come.
    static let idleSeconds = 90
    /// How long an answer may take to be read. The largest has some hundred kilobytes.
    static let writeSeconds = 20
    /// Far more than dozens of viewers and scrapers ask, and a small part of a processor.
    static let requestsPerSecond = 100
    static let requestsAtOnce = 50
    /// One costs some ten microseconds; who opens one after the other is slowed here.
    static let connectionsPerSecond = 1_000
    static let connectionsAtOnce = 200
    /// A worker that is stuck answers late or never, which is to be said and not waited for. Upstreams take
    /// four seconds, and what is explained waits for several.
    static let answerSeconds = 15
    /// Those being made, also for who waits no more. As many as connections: it bounds what stays behind
    /// when clients go before their answers.
    static let openAnswers = 64
    /// Of those that wait for other servers: one person explains one name at a time, and each asks servers
    /// several times.
    static let openLongAnswers = 8
    /// What is still read of a request that was refused, so that the client sees the refusal and no
    /// broken connection.
    static let lingerOctets = 256 << 10
    static let lingerSeconds = 1
}
