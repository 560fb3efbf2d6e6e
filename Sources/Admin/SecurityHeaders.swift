import FlyingFox

/// The fields that tell a browser how little a reply may do. They are on every reply: also an error's text
/// is read by browsers.
enum SecurityHeaders {
    static let always: [(HTTPHeader, String)] = [
        (HTTPHeader("X-Content-Type-Options"), "nosniff"),
        (HTTPHeader("Referrer-Policy"), "no-referrer"),
        (HTTPHeader("Cross-Origin-Opener-Policy"), "same-origin"),
        (HTTPHeader("Cross-Origin-Resource-Policy"), "same-origin"),
        (.cacheControl, "no-store"),
    ]

    static let policy = HTTPHeader("Content-Security-Policy")

    private static let nothing =
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

    /// What may be loaded and run: nothing, or of a page with a nonce the script and style that have it.
    /// No text becomes markup or script in it.
    static func contentPolicy(nonce: String?) -> String {
        guard let nonce else { return nothing }
        return nothing
            + "; script-src 'nonce-\(nonce)'; style-src 'nonce-\(nonce)'; connect-src 'self'; "
            + "img-src data:; require-trusted-types-for 'script'; trusted-types 'none'"
    }
}
