import DNS

extension Configuration {
    /// What is in the way of a file at `path`: it is a directory, or there is none to hold it. nil where
    /// it can be kept, or where that is not ours to see.
    package static func obstacle(toFile path: String) -> String? {
        if RegularFile.isDirectory(path) == true { return "\(path.quotedPath) is a directory" }
        let directory = path.lastIndex(of: "/").map { path[...$0] } ?? "./"
        guard RegularFile.isDirectory(String(directory)) == false else { return nil }
        return "the directory of \(path.quotedPath) does not exist"
    }
}

extension ConfigurationFile {
    /// The setting `cache-file`: a path, relative to the directory that this file is in.
    func cacheFile(_ node: YAMLNode) -> String? {
        let expected = "a path such as /var/cache/horizond/cache, or no such key"
        guard let path = scalar(node, expected: expected),
            let resolved = self.path(path, expected: expected)
        else { return nil }
        // The directory may be made only when the service starts, so that this is no error.
        if let obstacle = Configuration.obstacle(toFile: resolved) {
            warning(
                path.mark, "\(obstacle): no cached answers are kept over a restart",
                expected: "a file in a directory that the service can write to")
        }
        return resolved
    }
}
