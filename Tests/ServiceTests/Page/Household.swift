import DNS
import Testing

/// A home: devices in two views that ask, names of its own, and an upstream that answers. The page is
/// at `page`.
struct Household {
    let knot: KnotUpstream
    let server: Server
    let adminPort: UInt16

    var page: String { "http://127.0.0.1:\(adminPort)/" }

    /// With `lacksServer` the server of `old-nas.example` is gone.
    init(lacksServer: Bool = false) throws {
        knot = try KnotUpstream(zones: Self.world)
        adminPort = try freePort()
        server = try Self.server(
            upstream: knot.port, adminPort: adminPort,
            more: lacksServer ? "  old-nas.example: {to: [\"127.0.0.1:9\"]}\n" : "")
    }

    /// Starts the server once more, as after `server.stop()`.
    func restarted() throws -> Server {
        try Self.server(upstream: knot.port, adminPort: adminPort)
    }

    private static func server(
        upstream: UInt16, adminPort: UInt16, more: String = ""
    ) throws -> Server {
        try Server(
            """
            zones:
              vanillax.me: zones/vanillax.me.yaml
            views:
              lan:
                clients: [127.0.0.0/24, 127.0.10.0/24, "::1"]
              guests:
                clients: [127.0.20.0/24]
                zones: []
            forward:
              .: {to: ["127.0.0.1:\(upstream)"], cache: 30}
            \(more)admin: 127.0.0.1:\(adminPort)

            """, files: ["zones/vanillax.me.yaml": zone])
    }

    private static let zone = """
        '*': \(Site.gateway)
        '': \(Site.gateway)
        nas: 192.168.10.60
        plex: public
        store: {type: CNAME, value: www.example.com.}

        """

    /// Zones of the world outside, beside `PublicZones`.
    private static let world = Dictionary(
        uniqueKeysWithValues: [
            "weather.example.", "video.example.", "news.example.", "vendor.example.",
            "mail.example.",
        ].map { apex in
            let records = "@ A 203.0.113.40\n* A 203.0.113.41\n* AAAA 2001:db8:cd::41\n"
            return (apex, PublicZones.head(apex) + records)
        })

    /// One query, from that address.
    @discardableResult
    func ask(_ name: String, _ type: RRType = .a, from device: String = "127.0.10.7") throws
        -> Response
    {
        try server.client.from(device).ask(name, type)
    }
}

/// The page of a home, open in a browser.
struct OpenPage {
    let home: Household
    let browser: Browser

    /// Opens it, and waits until it knows how the server is.
    func open(_ fragment: String = "") throws {
        try browser.open(home.page + fragment)
        #expect(try browser.waits(for: "document.title.startsWith('horizond on ')"))
    }

    /// Opens it by a link to an explanation of what a device gets, and waits for that.
    func explain(_ name: String, client: String = "127.0.10.7", type: String = "") throws {
        try open("#explain?name=\(name)&client=\(client)&type=\(type)")
        let headline = "\(name) leads \(client) "
        #expect(
            try browser.waits(
                for:
                    "document.querySelector('#explain-headline').innerText.startsWith('\(headline)')"
            ))
    }
}

extension OpenPage {
    /// A home, and a browser that has not opened its page yet.
    init() throws { self.init(home: try Household(), browser: try Browser()) }
}
