/// How often caches have the answer. Without arguments the whole table; `cache-hit-rate QUESTIONS` with
/// so many questions instead of ten million; `cache-hit-rate hit-cost LOOKUPS` what a hit costs;
/// `cache-hit-rate snapshot MEBIBYTES` how long a full cache takes to be written and loaded.
let arguments = Array(CommandLine.arguments.dropFirst())
if arguments.first == "hit-cost" {
    HitCost.measure(lookups: arguments.dropFirst().first.flatMap { Int($0) } ?? 20_000_000)
} else if arguments.first == "snapshot" {
    SnapshotCost.measure(mebibytes: arguments.dropFirst().first.flatMap { Int($0) } ?? 64)
} else {
    HitRates.measure(questions: arguments.first.flatMap { Int($0) } ?? 10_000_000)
}
