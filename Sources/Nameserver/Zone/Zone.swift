/// One zone's records, immutable, shared by all workers and views.
package final class Zone: Sendable {
    package let settings: ZoneSettings

    init(settings: ZoneSettings) {
        self.settings = settings
    }
}
