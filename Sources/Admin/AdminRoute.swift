package import Foundation

/// One address of the admin pages, and who answers there.
package struct AdminRoute: Sendable {
    /// What a request asks to do.
    package enum Access: Sendable {
        /// Everyone who can connect may: it says only how the server is.
        case open
        /// Reads what was asked, and by whom.
        case read
        /// Changes something.
        case write
    }

    /// What an answer costs, and so how many may be made at a time.
    package enum Cost: Sendable {
        /// Hardly anything: those who watch the server are answered however busy the pages are.
        case little
        case some
        /// Waits for other servers, for seconds.
        case much
    }

    package let method: Method
    /// `/api/status`: the whole path, without a pattern.
    package let path: String
    package let access: Access
    /// Whether it is what people open, and may be led to by links of other sites.
    let isPage: Bool
    let cost: Cost
    let answer: @Sendable (AdminRequest) async -> AdminReply

    package enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
    }

    /// `answer` waits without keeping its thread: the pages share a few with each other.
    package init(
        _ method: Method, _ path: String, _ access: Access, isPage: Bool = false,
        cost: Cost = .some,
        answer: @escaping @Sendable (AdminRequest) async -> AdminReply
    ) {
        self.method = method
        self.path = path
        self.access = access
        self.isPage = isPage
        self.cost = cost
        self.answer = answer
    }
}

/// What was asked, once the rules of access are kept.
package struct AdminRequest: Sendable {
    /// The parameters of the query, percent-decoded; the first of a name counts.
    package let parameters: [String: String]
    package let body: Data
    /// The IP address of who asks; nil over a Unix socket.
    package let client: String?
    /// Whether who asks may read what was asked, and by whom: of a page that is open to everyone others
    /// get the part that tells no name.
    package let mayRead: Bool

    package init(
        parameters: [String: String] = [:], body: Data = Data(), client: String? = nil,
        mayRead: Bool = false
    ) {
        self.parameters = parameters
        self.body = body
        self.client = client
        self.mayRead = mayRead
    }
}

/// An answer to a request.
package struct AdminReply: Sendable {
    package let status: Int
    package let contentType: String
    package let body: Data
    /// What the script and the style of a page have, so that a browser runs these and no other.
    let nonce: String?

    package init(status: Int = 200, contentType: String, body: Data) {
        self.init(status, contentType, body, nonce: nil)
    }

    private init(_ status: Int, _ contentType: String, _ body: Data, nonce: String?) {
        self.status = status
        self.contentType = contentType
        self.body = body
        self.nonce = nonce
    }

    /// A page with its script and style in itself, as plain `<script>` and `<style>`. A browser takes no
    /// others, and neither `style=` nor `on…=` of an element.
    package static func page(_ html: String) -> AdminReply {
        let nonce =
            String(UInt64.random(in: .min ... .max), radix: 36)
            + String(UInt64.random(in: .min ... .max), radix: 36)
        let body = html.replacing("<script>", with: "<script nonce=\"\(nonce)\">")
            .replacing("<style>", with: "<style nonce=\"\(nonce)\">")
        return AdminReply(200, "text/html; charset=utf-8", Data(body.utf8), nonce: nonce)
    }

    /// A value as JSON in a line, as tools end a text. Encoding of the program's own types does not fail.
    package static func json(_ value: some Encodable, status: Int = 200) -> AdminReply {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let body = (try? encoder.encode(value)) ?? Data("{}".utf8)
        return AdminReply(
            status: status, contentType: "application/json", body: body + Data("\n".utf8))
    }

    /// A text of lines, for people and simple tools.
    package static func text(_ text: String, status: Int = 200) -> AdminReply {
        AdminReply(
            status: status, contentType: "text/plain; charset=utf-8", body: Data((text + "\n").utf8)
        )
    }

    /// What is wrong with a request, for people: `{"error":"…"}`.
    package static func error(_ status: Int, _ text: String) -> AdminReply {
        json(["error": text], status: status)
    }
}
