/// The most frequent of very many keys, in bounded memory. As long as there are no more than `capacity`, all
/// are counted. After that the others are counted together in a sketch, and one of them takes the
/// place of the rarest when it seems to be more frequent (an Augmented Sketch: Roy, Khan and Alonso,
/// 2016). So keys that occur once or twice each, however many, push out none that occurs more often.
struct FrequentKeys<Key: Hashable & Sendable>: Sendable {
    let capacity: Int
    /// Those of the sketch.
    let columns: Int
    private(set) var counts: [Key: Int] = [:]
    /// nil while all are in `counts`.
    private var others: CountSketch?
    /// No key of `counts` has less.
    private var least = 0

    init(capacity: Int, columns: Int) {
        self.capacity = capacity
        self.columns = columns
    }

    mutating func add(_ key: Key, _ count: Int) {
        if let index = counts.index(forKey: key) {
            counts.values[index] += count
        } else if counts.count < capacity {
            counts[key] = count
        } else {
            addOther(key, count)
        }
    }

    private mutating func addOther(_ key: Key, _ count: Int) {
        let hash = key.hashValue
        var sketch = others.take() ?? CountSketch(columns: columns)
        defer { others = sketch }
        sketch.add(hash, count)
        let estimate = sketch.estimate(hash)
        guard estimate > least, let rarest = counts.min(by: { $0.value < $1.value }) else { return }
        least = rarest.value
        guard estimate > least else { return }
        counts[rarest.key] = nil
        sketch.add(rarest.key.hashValue, rarest.value)
        sketch.add(hash, -estimate)
        counts[key] = estimate
    }

    /// No more keys come: the memory for counting them is freed.
    mutating func close() { others = nil }
}
