import Admin
import Foundation
import Testing

@Suite("Replies of the admin pages")
struct AdminReplyTests {
    @Test("JSON is a line, in small numbers as in errors")
    func lines() {
        #expect(AdminReply.json(["a": 1]).body == Data("{\"a\":1}\n".utf8))
        #expect(AdminReply.error(400, "x").body == Data("{\"error\":\"x\"}\n".utf8))
    }

    @Test("An error is a JSON object with its text and its status")
    func error() throws {
        let reply = AdminReply.error(400, "\"x\" is no address")
        #expect(reply.status == 400)
        #expect(reply.contentType == "application/json")
        let body = try JSONDecoder().decode([String: String].self, from: reply.body)
        #expect(body == ["error": "\"x\" is no address"])
    }
}
