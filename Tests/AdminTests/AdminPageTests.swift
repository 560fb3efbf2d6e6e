import Foundation
import Testing

@testable import Admin

@Suite("The page")
struct AdminPageTests {
    @Test("is one file: it names no other one, neither here nor elsewhere")
    func selfContained() {
        for word in ["<script src", "stylesheet", "@import", "url(http", "//cdn", "<!-- s"] {
            #expect(!AdminPage.html.contains(word), "\(word)")
        }
        let addresses = AdminPage.html.matches(of: #/https?:\/\/[^\s'"`<]+/#).map {
            String($0.output)
        }
        // The name of SVG, which nobody asks for.
        #expect(Set(addresses) == ["http://www.w3.org/2000/svg"])
    }

    @Test("makes no markup of text, and has no script or style in its markup")
    func textStaysText() {
        for word in [
            "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(",
            "setAttribute(\"style\"",
        ] {
            #expect(!AdminPage.script.contains(word), "\(word)")
        }
        let markup = AdminPage.html.replacing(AdminPage.script, with: "")
            .replacing(AdminPage.style, with: "")
        #expect(markup.firstMatch(of: #/<[^>]+\s(style|on[a-z]+)=/#) == nil)
    }

    @Test("has one style and one script, as the server marks them for browsers")
    func plainTags() {
        for tag in ["<style>", "</style>", "<script>", "</script>"] {
            #expect(AdminPage.html.ranges(of: tag).count == 1, "\(tag)")
        }
        #expect(AdminPage.html.ranges(of: "<script").count == 1)
    }

    @Test("has every script of its directory")
    func wholeScript() throws {
        let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../Sources/Admin/Page/Script")
        let files = try FileManager.default.contentsOfDirectory(
            at: directory, includingPropertiesForKeys: nil)
        #expect(files.count > 5)
        for file in files {
            let text = try String(contentsOf: file, encoding: .utf8)
            #expect(AdminPage.script.contains(text), "\(file.lastPathComponent)")
        }
    }
}
