/// The page that people look at: one file of markup, style and script, which asks nobody but the
/// server that it is from.
///
/// Its parts stand in `Page/` and are built into the program; they are joined at the first use.
package enum AdminPage {
    /// The page, with one plain `<style>` and one plain `<script>` in it.
    package static let html = text(PackageResources.page_html)
        .replacing("<!-- style -->", with: "<style>\n\(style)</style>")
        .replacing(
            "<!-- script -->", with: "<script>(() => {\n\"use strict\";\n\(script)})();</script>")

    static let style = text(PackageResources.page_css)

    /// Declarations come before what uses them while the page is read.
    static let script = [
        PackageResources.elements_js, PackageResources.server_js, PackageResources.theme_js,
        PackageResources.hour_js, PackageResources.chart_js, PackageResources.charts_js,
        PackageResources.status_js, PackageResources.lists_js, PackageResources.log_js,
        PackageResources.explain_js, PackageResources.path_js, PackageResources.start_js,
    ].map(text).joined(separator: "\n")

    private static func text(_ octets: [UInt8]) -> String {
        String(decoding: octets, as: UTF8.self)
    }
}
