import FlyingFox
import FlyingSocks
import Foundation
import Synchronization
import Testing

@testable import Admin

@Suite("Answers of the admin pages")
struct AdminHandlerTests {
    private static func ask(
        _ method: HTTPMethod, _ path: String, query: String = "", _ routes: [AdminRoute]
    ) async -> HTTPResponse {
        await AdminHandler(routes, AdminAccess()).answer(
            HTTPRequest(
                method: method, version: .http11,
                target: HTTPRequest.Target(path: path, query: query), headers: [.host: "localhost"],
                body: HTTPBodySequence()), over: .unixSocket)
    }

    private static let routes = [
        AdminRoute(.get, "/a", .read) { .text($0.parameters["x"] ?? "none") },
        AdminRoute(.post, "/b", .write) { _ in .text("b") },
        AdminRoute(.get, "/page", .read) { _ in
            .page("<style>a{}</style><script>1</script><script>2</script>")
        },
    ]

    @Test("A route is found by its path and method, and given the parameters")
    func routes() async throws {
        let response = await Self.ask(.GET, "/a", query: "x=1%202", Self.routes)
        #expect(response.statusCode.code == 200)
        #expect(try await response.bodyData == Data("1 2\n".utf8))
        #expect(await Self.ask(.POST, "/b", Self.routes).statusCode.code == 200)
        #expect(await Self.ask(.HEAD, "/a", Self.routes).statusCode.code == 200)
    }

    @Test("Other paths, methods and queries have their errors")
    func errors() async throws {
        for path in ["/", "/A", "/a/", "//a", "/a%2f", "/../a", ""] {
            #expect(await Self.ask(.GET, path, Self.routes).statusCode.code == 404, "\(path)")
        }
        let response = await Self.ask(.POST, "/a", Self.routes)
        #expect(response.statusCode.code == 405)
        #expect(response.headers[HTTPHeader("Allow")] == "GET, HEAD")
        let get = await Self.ask(.GET, "/b", Self.routes)
        #expect(get.statusCode.code == 405 && get.headers[HTTPHeader("Allow")] == "POST")
        #expect(await Self.ask(HTTPMethod("get"), "/a", Self.routes).statusCode.code == 200)
        #expect(await Self.ask(.GET, "/a", query: "x=%", Self.routes).statusCode.code == 400)
    }

    @Test("Every answer says how little a browser may do with it", arguments: ["/a", "/nothing"])
    func securityHeaders(path: String) async {
        let headers = await Self.ask(.GET, path, Self.routes).headers
        #expect(headers[HTTPHeader("X-Content-Type-Options")] == "nosniff")
        #expect(headers[HTTPHeader("Referrer-Policy")] == "no-referrer")
        #expect(headers[HTTPHeader("Cross-Origin-Opener-Policy")] == "same-origin")
        #expect(headers[HTTPHeader("Cross-Origin-Resource-Policy")] == "same-origin")
        #expect(headers[.cacheControl] == "no-store")
        #expect(
            headers[SecurityHeaders.policy]
                == "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
        )
    }

    @Test("The page's own script and style run, with a word that is another one each time")
    func nonce() async throws {
        var nonces: Set<String> = []
        for _ in 0..<3 {
            let response = await Self.ask(.GET, "/page", Self.routes)
            let policy = try #require(response.headers[SecurityHeaders.policy])
            let match = try #require(policy.firstMatch(of: /script-src 'nonce-([0-9a-z]+)'/))
            let nonce = String(match.1)
            #expect(nonce.count >= 20)
            #expect(policy.contains("style-src 'nonce-\(nonce)'"))
            #expect(policy.contains("connect-src 'self'") && policy.contains("img-src data:"))
            #expect(policy.hasPrefix("default-src 'none'; frame-ancestors 'none'"))
            #expect(
                String(decoding: try await response.bodyData, as: UTF8.self)
                    == "<style nonce=\"\(nonce)\">a{}</style><script nonce=\"\(nonce)\">1</script>"
                    + "<script nonce=\"\(nonce)\">2</script>")
            nonces.insert(nonce)
        }
        #expect(nonces.count == 3)
    }

    @Test("What takes too long ends without an answer, and what is quick does not wait")
    func limit() async {
        let late = await result(within: .milliseconds(50)) {
            try? await Task.sleep(for: .seconds(3_600))
            return 1
        }
        #expect(late == nil)
        let quick = await result(within: .seconds(3_600)) { 2 }
        #expect(quick == 2)
    }

    @Test("Answers that do not end keep back their own kind, and never those that watch the server")
    func openAnswers() async {
        let gate = Gate()
        func endless(_ path: String, _ cost: AdminRoute.Cost) -> AdminRoute {
            AdminRoute(.get, path, .read, cost: cost) { _ in
                await gate.pass()
                return .text("late")
            }
        }
        let handler = AdminHandler(
            [
                endless("/much", .much), endless("/some", .some),
                AdminRoute(.get, "/little", .open, cost: .little) { _ in .text("ok") },
                AdminRoute(.get, "/other", .read) { _ in .text("ok") },
            ], AdminAccess())
        @Sendable func status(_ path: String) async -> Int {
            await handler.answer(
                HTTPRequest(
                    method: .GET, version: .http11,
                    target: HTTPRequest.Target(path: path, query: ""),
                    headers: [.host: "localhost"], body: HTTPBodySequence()), over: .unixSocket
            ).statusCode.code
        }
        await withTaskGroup(of: Int.self) { group in
            for _ in 0..<AdminLimits.openLongAnswers { group.addTask { await status("/much") } }
            await gate.wait(for: AdminLimits.openLongAnswers)
            #expect(await status("/much") == 503)
            #expect(await status("/other") == 200)
            for _ in 0..<AdminLimits.openAnswers { group.addTask { await status("/some") } }
            await gate.wait(for: AdminLimits.openLongAnswers + AdminLimits.openAnswers)
            #expect(await status("/other") == 503)
            #expect(await status("/little") == 200)
            gate.open()
            for await status in group { #expect(status == 200) }
        }
        // They count no more.
        #expect(await status("/much") == 200)
        #expect(await status("/other") == 200)
    }

    @Test("Those who ask without a pause are slowed down")
    func pace() {
        let pace = RequestPace(perSecond: 10, burst: 5)
        let start = ContinuousClock.now + .seconds(10)
        let delays = (0..<8).map { _ in start.duration(to: pace.reserve(at: start)) }
        #expect(delays[0..<5].allSatisfy { $0 <= .zero })
        #expect(delays[5...] == [.milliseconds(100), .milliseconds(200), .milliseconds(300)])
        // After a while all is as before.
        let later = start + .seconds(10)
        #expect(pace.reserve(at: later) <= later)
    }
}

/// Where answers wait until the test lets them go on.
final class Gate: Sendable {
    private let isOpen = Mutex(false)
    private let arrived = Mutex(0)

    func pass() async {
        arrived.withLock { $0 += 1 }
        while !isOpen.withLock({ $0 }) { try? await Task.sleep(for: .milliseconds(5)) }
    }

    func wait(for count: Int) async {
        while arrived.withLock({ $0 }) < count { try? await Task.sleep(for: .milliseconds(5)) }
    }

    func open() { isOpen.withLock { $0 = true } }
}
