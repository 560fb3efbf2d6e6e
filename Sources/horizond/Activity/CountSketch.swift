/// Estimates how often each of any number of keys occurred, in fixed memory: a Count Sketch (Charikar, Chen
/// and Farach-Colton, 2002). Each key adds to one cell of each row, or subtracts from it, so that keys
/// that meet there cancel out on average: a flood of names that are asked for once each adds no
/// more than the root of its length, divided by that of the columns, to anyone's estimate.
struct CountSketch: Sendable {
    /// A hash has 64 bits, of which a row takes 16: a sign and a column.
    static let rows = 4
    private static let bitsPerRow = 16

    private let columns: Int
    private var cells: [Int32]

    /// `columns` is a power of two, at most 32,768.
    init(columns: Int) {
        precondition(columns.nonzeroBitCount == 1 && columns <= 1 << (Self.bitsPerRow - 1))
        self.columns = columns
        cells = [Int32](repeating: 0, count: Self.rows * columns)
    }

    /// `hash` is random to whoever chooses the keys, as `hashValue` is.
    mutating func add(_ hash: Int, _ count: Int) {
        for row in 0..<Self.rows {
            let (cell, isNegative) = place(hash, row)
            cells[cell] &+= Int32(truncatingIfNeeded: isNegative ? -count : count)
        }
    }

    /// The second lowest of what the rows say: rather too little than too much, for of very many rare keys
    /// some have others in their favour in most rows.
    func estimate(_ hash: Int) -> Int {
        let said = (0..<Self.rows).map { row in
            let (cell, isNegative) = place(hash, row)
            return isNegative ? -Int(cells[cell]) : Int(cells[cell])
        }
        return said.sorted()[1]
    }

    private func place(_ hash: Int, _ row: Int) -> (cell: Int, isNegative: Bool) {
        let bits = hash >> (row * Self.bitsPerRow)
        return (row * columns + bits & (columns - 1), bits & (1 << (Self.bitsPerRow - 1)) != 0)
    }
}
