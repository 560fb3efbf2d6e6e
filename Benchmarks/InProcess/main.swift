/// What the steps of answering a query cost, in this process and without sockets: nanoseconds,
/// allocations and reference counting. `in-process ROUNDS` takes the medians of so many rounds.
let rounds = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 15
Benchmark.measure(
    ParseBenchmarks.all() + ViewBenchmarks.all() + ZoneBenchmarks.all() + CacheBenchmarks.all()
        + ProcessorBenchmarks.all(), rounds: rounds)
