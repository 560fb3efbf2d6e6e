import CallCounts
import Glibc

/// One thing that is measured.
struct Benchmark {
    let name: String
    /// How often a round does it.
    let count: Int
    /// Does it so many times, and gives how often it came out as it should: always.
    let run: (Int) -> Int

    /// What a thing costs besides time.
    private struct Calls {
        var allocations: UInt64
        /// Retains and releases together.
        var references: UInt64

        static var soFar: Calls {
            let counts = unsafe call_counts().pointee
            return Calls(
                allocations: counts.allocations, references: counts.retains &+ counts.releases)
        }

        static func - (later: Calls, earlier: Calls) -> Calls {
            Calls(
                allocations: later.allocations - earlier.allocations,
                references: later.references - earlier.references)
        }
    }

    /// Runs all in rounds, one after the other, so that whatever else the machine does falls on all
    /// alike, and prints the medians.
    static func measure(_ benchmarks: [Benchmark], rounds: Int) {
        let calls = benchmarks.map { $0.calls() }
        var times = benchmarks.map { _ in [Double]() }
        for _ in 0..<rounds {
            for (index, benchmark) in benchmarks.enumerated() {
                times[index].append(benchmark.nanoseconds())
            }
        }
        print("| what | ns | allocations | retains and releases |")
        print("|---|---|---|---|")
        for (index, benchmark) in benchmarks.enumerated() {
            let median = times[index].sorted()[rounds / 2]
            let allocations = Self.each(calls[index].allocations, of: benchmark.count)
            let references = Self.each(calls[index].references, of: benchmark.count)
            print(
                "| \(benchmark.name) | \(Int(median.rounded())) | \(allocations) | \(references) |")
        }
    }

    private func nanoseconds() -> Double {
        let start = Self.processorTime()
        check(count)
        return Double(Self.processorTime() - start) / Double(count)
    }

    /// Nanoseconds that this process has run for: what others do on the machine counts less than by
    /// the clock on the wall.
    private static func processorTime() -> Int {
        var time = timespec()
        unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }

    /// The calls of one round: what twice as many times call less what half of them do, so that
    /// nothing of the loop around them is left.
    private func calls() -> Calls {
        precondition(call_counts_references(1) == 1, "the program has no symbols")
        defer { _ = call_counts_references(0) }
        // What is made once is made here.
        check(count)
        let start = Calls.soFar
        check(count)
        let middle = Calls.soFar
        check(2 * count)
        return (Calls.soFar - middle) - (middle - start)
    }

    private func check(_ times: Int) {
        let done = run(times)
        precondition(done == times, "\(name): \(done) of \(times) came out as they should")
    }

    /// With two decimals, where it is no whole number.
    private static func each(_ calls: UInt64, of count: Int) -> String {
        let hundredths = (calls * 100 + UInt64(count) / 2) / UInt64(count)
        guard calls % UInt64(count) != 0 else { return "\(hundredths / 100)" }
        let fraction = "\(hundredths % 100)"
        return "\(hundredths / 100).\(fraction.count < 2 ? "0" : "")\(fraction)"
    }
}
