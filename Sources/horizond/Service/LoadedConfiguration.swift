import Configuration
import Nameserver
import Transport

/// A configuration, what OpenSSL makes of it, and the interfaces that there were.
struct LoadedConfiguration: Sendable {
    let configuration: Configuration
    let interfaces: HostInterfaces
    /// nil where no upstream is asked over TLS and no authorities are named: OpenSSL takes memory.
    let tls: TLSContext?
    let cost: LoadCost

    /// Reads the configuration at `path` and every file that it names; what is silent now says what it
    /// said in `previous`. What is passed to the service alone is only wanted `isForService`. `progress`
    /// is told what is read. Throws all mistakes.
    init(
        path: String, seed: UInt64, previous: Configuration? = nil, isForService: Bool = false,
        progress: WorkProgress? = nil
    ) throws(ConfigurationErrors) {
        let before = ProcessStatistics.residentOctets ?? 0
        interfaces = HostInterfaces()
        configuration = try Configuration.load(
            path: path, seed: seed, previous: previous, interfaces: interfaces.known,
            isForService: isForService, progress: progress)
        cost = LoadCost(
            octets: max(0, (ProcessStatistics.residentOctets ?? 0) - before),
            fileOctets: LoadCost.fileOctets(configuration.files))
        let authorities = configuration.authorities
        guard authorities != nil || configuration.hasSecureUpstream else {
            tls = nil
            return
        }
        do throws(TLSContextError) {
            tls = try TLSContext(authorities: authorities?.pem)
        } catch {
            throw authorities?.errors("\(error)")
                ?? ConfigurationErrors(file: path, problem: "upstreams over TLS: \(error)")
        }
    }
}

extension Configuration {
    fileprivate var hasSecureUpstream: Bool {
        views.contains { $0.forward.contains { $0.upstreams.contains(where: \.isSecure) } }
    }
}
