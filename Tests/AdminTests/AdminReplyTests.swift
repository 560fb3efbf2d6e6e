import Admin
import Foundation
import Testing

@Suite("Replies of the admin pages")
struct AdminReplyTests {
    @Test("An error is a JSON object with its text and its status")
    func error() throws {
        let reply = AdminReply.error(400, "\"x\" is no address")
        #expect(reply.status == 400)
        #expect(reply.contentType == "application/json")
        let body = try JSONDecoder().decode([String: String].self, from: reply.body)
        #expect(body == ["error": "\"x\" is no address"])
    }
}
