import Configuration

/// Reading a configuration again while the one before is served.
extension Service {
    /// Makes room for it, and throws when it can be foreseen that there is not enough: better the
    /// configuration of before than a process that the kernel ends. Not to be called on a worker.
    func makeRoomToRead(_ files: [String]) throws(ConfigurationErrors) {
        let octets = loadCost.expected(fileOctets: LoadCost.fileOctets(files))
        guard octets > LoadCost.negligible,
            let (bound, room) = memoryGuard.makeRoom(for: octets)
        else { return }
        throw ConfigurationErrors(
            file: path,
            problem: "not read again, for want of memory: beside what is served it takes about "
                + "\(Octets.text(octets)), and with the smallest cache "
                + "\(Octets.text(max(0, room))) of the \(Octets.text(bound.limit)) of "
                + "\(bound.name) would be left; raise that bound (MemoryMax= of the unit) or "
                + "restart the server")
    }
}
