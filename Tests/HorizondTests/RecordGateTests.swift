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
            RecordDemand(isFollowed: true), RecordDemand(stride: 1, isWhole: true),
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
                    == RecordGate.Admission(
                        weight: 0, isForFollowers: false, isForLog: true, isWhole: false))
        }
    }

    @Test("A sampled log gets one query of a hundred, and of two that alternate both")
    func sampled() {
        var gate = RecordGate()
        let admitted = (0..<1_000_000).filter { _ in
            gate.admit(RecordDemand(stride: 100), rcode: 0, now: 0) != nil
        }
        // The steps between them are even from 1 to 199, so that the sum has a deviation of 58.
        #expect((9500...10_500).contains(admitted.count), "\(admitted.count)")
        let steps = zip(admitted, admitted.dropFirst()).map { $1 - $0 }
        #expect(steps.allSatisfy { (1...199).contains($0) })
        let even = admitted.count { $0.isMultiple(of: 2) }
        #expect((4000...6000).contains(even), "\(even)")
    }

    @Test("Only records for a log that wants whole responses have them")
    func whole() {
        var gate = RecordGate()
        let demand = RecordDemand(isFollowed: true, stride: 1, isErrorsOnly: true, isWhole: true)
        #expect(gate.admit(demand, rcode: 2, now: 0)?.isWhole == true)
        #expect(gate.admit(demand, rcode: 0, now: 0)?.isWhole == false)
        // BADVERS, of which the header says nothing.
        #expect(gate.admit(demand, rcode: 16, now: 0)?.isForLog == true)
    }

    @Test("Who follows gets every query, and the sampled log no more for it")
    func followed() {
        var gate = RecordGate()
        let demand = RecordDemand(isFollowed: true, stride: 100)
        let admitted = (0..<1000).compactMap { _ in gate.admit(demand, rcode: 0, now: 0) }
        #expect(admitted.count == 1000)
        #expect(admitted.allSatisfy { $0.isForFollowers && $0.weight == 0 })
        #expect((1...50).contains(admitted.count { $0.isForLog }))
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
