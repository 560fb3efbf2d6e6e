/// What `horizond version` and the service's log say.
enum Version {
    static let current = "0.1.0"
}
