import DNS
import Dispatch
import Logging
import Synchronization
import Testing

@testable import horizond

@Suite("A sink with a queue")
struct QueuedSinkTests {
    /// Writes to memory, or fails as it is told.
    ///
    /// @unchecked Sendable: the test touches it while nothing is on the sink's queue.
    private final class Writer: SinkWriter, @unchecked Sendable {
        var written: [UInt8] = []
        var opened = 0
        var openFailure: SinkFailure?
        var writeFailure: SinkFailure?
        let gate = DispatchSemaphore(value: 0)
        var waits = false

        func open() throws(SinkFailure) {
            opened += 1
            if let openFailure { throw openFailure }
        }
        func write(_ octets: [UInt8]) throws(SinkFailure) {
            if waits { gate.wait() }
            if let writeFailure { throw writeFailure }
            written += octets
        }
        func close() {}
    }

    private let queue = DispatchQueue(label: "test-sink")
    private let writer = Writer()
    private let dropped: DroppedLines
    private let sink: QueuedSink

    init() {
        let silent = Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() }
        let events = EventLog(logger: silent, logsErrors: false)
        dropped = DroppedLines(queue: queue, events: events)
        sink = QueuedSink("test", writer, queue: queue, events: events, dropped: dropped) { _, _ in
        }
        queue.sync {}
    }

    private func batch(_ lines: String...) -> QueuedSink.Batch {
        var batch = QueuedSink.Batch()
        for line in lines {
            batch.octets += Array(line.utf8)
            batch.ends.append(batch.octets.count)
        }
        return batch
    }

    @Test("Lines are written in their order")
    func order() {
        sink.add(batch("a", "b"))
        sink.add(batch("c"))
        queue.sync {}
        #expect(writer.written == Array("abc".utf8) && dropped.count == 0 && writer.opened == 1)
    }

    @Test("Of a failed batch the lines that were written are not dropped, and the pause is kept")
    func failure() {
        writer.writeFailure = SinkFailure("full", written: 3)
        sink.add(batch("ab", "cd", "ef"))
        queue.sync {}
        #expect(dropped.count == 2)
        writer.writeFailure = nil
        sink.add(batch("gh"))
        queue.sync {}
        #expect(dropped.count == 3 && writer.opened == 1)
        // A reload does not wait.
        sink.reopen()
        sink.add(batch("ij"))
        queue.sync {}
        #expect(dropped.count == 3 && writer.opened == 2 && writer.written == Array("ij".utf8))
    }

    @Test("What cannot be opened drops its lines and counts them")
    func unopened() {
        writer.openFailure = SinkFailure("not there")
        sink.reopen()
        sink.add(batch("a", "b"))
        queue.sync {}
        #expect(dropped.count == 2 && writer.written.isEmpty)
    }

    @Test("Before a slow writer a bounded number of octets wait")
    func slow() {
        writer.waits = true
        let quarter = String(repeating: "x", count: QueuedSink.maximumWaiting / 4)
        for _ in 0..<10 { sink.add(batch(quarter)) }
        #expect(dropped.count == 6)
        for _ in 0..<4 { writer.gate.signal() }
        queue.sync {}
        #expect(writer.written.count == QueuedSink.maximumWaiting)
        writer.waits = false
        sink.add(batch("end"))
        queue.sync {}
        #expect(dropped.count == 6 && writer.written.suffix(3) == Array("end".utf8))
    }

    @Test("Nothing is written to a sink that is closed")
    func closed() {
        sink.close()
        sink.add(batch("a"))
        queue.sync {}
        #expect(writer.written.isEmpty && dropped.count == 1)
    }
}
