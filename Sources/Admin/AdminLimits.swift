/// What a client of the admin pages may cost. All is far above what browsers and scrapers need, and far
/// below what the server would notice.
enum AdminLimits {
    /// A browser takes six, a scraper one. Each takes a descriptor and some kilobytes. Another one closes
    /// the connection on which nothing has happened for longest, so that a forgotten thousand keep
    /// nobody out.
    static let connections = 64
    /// A browser's head has one kilobyte, with cookies of other pages at `localhost` a few more.
    static let headOctets = 16 << 10
    /// A body is a name to flush.
    static let bodyOctets = 4 << 10
    /// From its first octet on. It is sent at once, but for a terminal where someone types it.
    static let requestSeconds = 10
    /// Between two requests: more than a minute, as often as most scrapers come.
    static let idleSeconds = 90
    /// How long an answer may take to be read. The largest has some hundred kilobytes.
    static let writeSeconds = 20
    /// What is still read of a request that was refused, so that the client sees the refusal and no
    /// broken connection.
    static let lingerOctets = 256 << 10
    static let lingerSeconds = 1
}
