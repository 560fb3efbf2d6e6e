import Admin

/// The admin pages: what can be asked by HTTP.
extension Service {
    /// Each is answered where Swift's tasks run, on no queue of the service's.
    var adminRoutes: [AdminRoute] {
        [
            AdminRoute(.get, "/health", .open) { _ in .text("ok") },
            AdminRoute(.get, "/metrics", .read) { [unowned self] _ in await metrics() },
        ]
    }
}
