import Testing

@testable import horizond

@Suite("Which queries become records")
struct RecordGateTests {
    private let all = RecordDemand(stride: 1)

    @Test("What is demanded goes through one number whole")
    func shared() {
        let shared = SharedDemand()
        #expect(shared.current == nil)
        for demand in [
            RecordDemand(isObserved: true), RecordDemand(stride: 100),
            RecordDemand(isFollowed: true),
            RecordDemand(isObserved: true, stride: .max, isErrorsOnly: true),
        ] {
            shared.set(demand)
            #expect(shared.current == demand)
        }
        shared.set(.nothing)
        #expect(shared.current == nil)
    }

    @Test("A log of all gets every query, and the page none that it did not ask for")
    func everything() {
        var gate = RecordGate()
        for _ in 0..<1000 {
            #expect(
                gate.admit(all, rcode: 0, now: 0)
                    == RecordGate.Admission(weight: 0, isForFollowers: false, isForLog: true))
        }
    }

    @Test("A sampled log gets every hundredth query")
    func sampled() {
        var gate = RecordGate()
        let admitted = (0..<1000).filter { _ in
            gate.admit(RecordDemand(stride: 100), rcode: 0, now: 0) != nil
        }
        #expect(admitted == Array(stride(from: 0, to: 1000, by: 100)))
    }

    @Test("Who follows gets every query, and the sampled log no more for it")
    func followed() {
        var gate = RecordGate()
        let demand = RecordDemand(isFollowed: true, stride: 100)
        let admitted = (0..<1000).compactMap { _ in gate.admit(demand, rcode: 0, now: 0) }
        #expect(admitted.count == 1000)
        #expect(admitted.allSatisfy { $0.isForFollowers && $0.weight == 0 })
        #expect(admitted.count { $0.isForLog } == 10)
    }

    @Test("After a change from a rare sample to all, the log gets the next one")
    func change() {
        var gate = RecordGate()
        _ = gate.admit(RecordDemand(stride: 1000), rcode: 0, now: 0)
        #expect(gate.admit(all, rcode: 0, now: 0) != nil)
        #expect(gate.admit(all, rcode: 0, now: 0) != nil)
    }

    @Test("A log of errors gets no good answer and no denial")
    func errors() {
        var gate = RecordGate()
        let demand = RecordDemand(stride: 1, isErrorsOnly: true)
        let admitted = (0..<6).filter { gate.admit(demand, rcode: $0, now: 0) != nil }
        #expect(admitted == [1, 2, 4, 5])
    }

    @Test("In a flood the page gets a bounded number of records, which stand for all queries")
    func flood() {
        var gate = RecordGate()
        let demand = RecordDemand(isObserved: true)
        var weights: [UInt32] = []
        for query in 0..<100_000 {
            // A query each microsecond.
            if let admission = gate.admit(demand, rcode: 0, now: Int64(query) * 1000) {
                #expect(!admission.isForLog)
                weights.append(admission.weight)
            }
        }
        let intervals = 2
        #expect(weights.count == intervals * RecordGate.observedPerInterval)
        #expect(weights.reduce(0, +) + 49_900 == 100_000)
        #expect(weights[RecordGate.observedPerInterval] == 49_901)
    }

    @Test("A household's queries all become records of one")
    func household() {
        var gate = RecordGate()
        for query in 0..<1000 {
            let admission = gate.admit(
                RecordDemand(isObserved: true), rcode: 0, now: Int64(query) * 1_000_000)
            #expect(admission?.weight == 1)
        }
    }
}
