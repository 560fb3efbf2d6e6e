import Foundation
import Glibc
import Synchronization

/// Lets the thread sleep; these tests wait for real servers.
func pause(_ duration: Duration) {
    Thread.sleep(forTimeInterval: duration / .seconds(1))
}

/// A directory for one test, removed with the object.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory
            .appendingPathComponent("horizond-test-\(UUID().uuidString.prefix(8))")
        // The servers under test may run as other users.
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }

    /// Writes a file whole: the old content or the new one is there, nothing between.
    func write(_ text: String, to name: String) throws {
        let url = URL(fileURLWithPath: file(name))
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url, options: .atomic)
    }

    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: file(name)) }

    func read(_ name: String) -> String {
        let data = FileManager.default.contents(atPath: file(name)) ?? Data()
        return String(decoding: data, as: UTF8.self)
    }
}

/// A process that a test started. It ends with the object, and with the test run whatever happens.
final class ChildProcess: Sendable {
    let pid: pid_t
    private let state = Mutex<ExitStatus?>(nil)

    enum ExitStatus: Equatable, Sendable {
        case exited(Int32)
        case signalled(Int32)
    }

    /// Starts `arguments[0]` with `output` as its standard output and error, and `input`, a file or a
    /// named pipe, as its standard input.
    init(
        _ arguments: [String], environment: [String: String] = [:], input: String = "/dev/null",
        output: String
    ) throws {
        pid = try Launcher.shared.start(
            arguments, environment: environment, input: input, output: output)
    }

    deinit {
        guard status == nil else { return }
        kill(pid, SIGKILL)
        waitpid(pid, nil, 0)
    }

    /// How the process ended; nil while it runs.
    var status: ExitStatus? {
        state.withLock { status in
            guard status == nil else { return status }
            var raw: Int32 = 0
            guard unsafe waitpid(pid, &raw, WNOHANG) == pid else { return nil }
            let signal = raw & 0x7f
            status = signal == 0 ? .exited(raw >> 8 & 0xff) : .signalled(signal)
            return status
        }
    }

    func signal(_ number: Int32) {
        // A pid that has been waited for may belong to someone else.
        guard status == nil else { return }
        kill(pid, number)
    }

    /// Whether every thread has stopped: SIGSTOP reaches them one by one, some time after the call.
    var isStopped: Bool {
        let directory = "/proc/\(pid)/task"
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return !threads.isEmpty
            && threads.allSatisfy { thread in
                let status = try? String(
                    contentsOfFile: "\(directory)/\(thread)/status", encoding: .utf8)
                return status?.contains("State:\tT") ?? false
            }
    }

    func wait(timeout: Duration) throws -> ExitStatus {
        guard eventually(within: timeout, { status != nil }), let status else {
            throw Failure("process \(pid) still runs after \(timeout)")
        }
        return status
    }
}

/// Held while a process is being created: until it runs its program it has all our descriptors, and
/// a port that is closed meanwhile stays in use.
let processCreation = Mutex(())

/// Starts processes from one thread that lives as long as the test run: the kernel ends each of
/// them when that thread is gone (`setpriv --pdeathsig`), so that a crashed run leaves nothing.
private final class Launcher: Sendable {
    static let shared = Launcher()

    private struct Job: Sendable {
        let arguments: [String]
        let environment: [String: String]
        let input: String
        let output: String
        let done: @Sendable (Result<pid_t, any Error>) -> Void
    }

    private let jobs = Mutex<[Job]>([])
    private let work = DispatchSemaphore(value: 0)

    private init() {
        let thread = Thread { [self] in
            while true {
                work.wait()
                guard let job = jobs.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) else {
                    continue
                }
                job.done(
                    Result {
                        try Self.spawn(job.arguments, job.environment, job.input, job.output)
                    })
            }
        }
        thread.start()
    }

    func start(
        _ arguments: [String], environment: [String: String], input: String, output: String
    ) throws -> pid_t {
        let result = Mutex<Result<pid_t, any Error>?>(nil)
        let done = DispatchSemaphore(value: 0)
        let job = Job(
            arguments: ["/usr/bin/setpriv", "--pdeathsig", "KILL"] + arguments,
            environment: ["PATH": "/usr/bin:/bin:/usr/sbin:/sbin"]
                .merging(environment) { $1 },
            input: input, output: output
        ) { outcome in
            result.withLock { $0 = outcome }
            done.signal()
        }
        jobs.withLock { $0.append(job) }
        work.signal()
        done.wait()
        return try result.withLock { try $0?.get() } ?? -1
    }

    private static func spawn(
        _ arguments: [String], _ environment: [String: String], _ input: String, _ output: String
    ) throws -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        // Of a pipe it has the other end, too: so it neither waits for a writer nor sees the end.
        unsafe posix_spawn_file_actions_addopen(&actions, 0, input, O_RDWR, 0)
        unsafe posix_spawn_file_actions_addopen(
            &actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        unsafe posix_spawn_file_actions_adddup2(&actions, 1, 2)

        // The copies live until the child has its own.
        var argv = unsafe arguments.map { unsafe strdup($0) } + [nil]
        var envp = unsafe environment.map { unsafe strdup("\($0)=\($1)") } + [nil]
        defer { unsafe (argv + envp).forEach { unsafe free($0) } }
        var pid: pid_t = 0
        let result = processCreation.withLock { _ in
            unsafe posix_spawn(&pid, arguments[0], &actions, nil, &argv, &envp)
        }
        guard result == 0 else {
            throw Failure("\(arguments[0]): \(unsafe String(cString: strerror(result)))")
        }
        return pid
    }
}

/// Runs a program to its end, and gives what it printed and its exit status.
func run(
    _ arguments: [String], environment: [String: String] = [:], timeout: Duration = .seconds(20)
) throws -> (output: String, status: ChildProcess.ExitStatus) {
    let directory = try TemporaryDirectory()
    let process = try ChildProcess(
        arguments, environment: environment, output: directory.file("output"))
    let status = try process.wait(timeout: timeout)
    return (directory.read("output"), status)
}
