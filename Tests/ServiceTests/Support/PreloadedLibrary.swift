/// Builds a library of `Tests/NAME` that stands before what the release program calls, when LD_PRELOAD has
/// the path that is returned.
func preloadable(_ name: String, in directory: TemporaryDirectory) throws -> String {
    let library = directory.file("\(name).so")
    let sources = "\(Server.repository)/Tests/\(name)"
    let (output, status) = try run([
        "/usr/bin/cc", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC",
        "-I\(sources)/include", "-o", library, "\(sources)/\(name).c",
    ])
    guard status == .exited(0) else { throw Failure("\(name).c: \(output)") }
    return library
}
