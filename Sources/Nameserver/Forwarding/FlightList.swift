/// A worker's flights, in no order; each knows its place.
///
/// The array leaves its owner while it is changed: so no access to it has to be checked at run time to
/// exclude the others.
final class FlightList {
    private var flights: [Flight] = []

    var isEmpty: Bool { flights.isEmpty }
    /// A copy: flights end and begin while it is walked.
    var all: [Flight] { flights }

    func add(_ flight: Flight) {
        var flights: [Flight] = []
        swap(&flights, &self.flights)
        flight.place = flights.count
        flights.append(flight)
        self.flights = flights
    }

    /// Takes a flight out; false when it has ended.
    func remove(_ flight: Flight) -> Bool {
        guard let place = flight.place else { return false }
        flight.place = nil
        var flights: [Flight] = []
        swap(&flights, &self.flights)
        // The last one takes its place.
        let last = flights.removeLast()
        if last !== flight {
            flights[place] = last
            last.place = place
        }
        self.flights = flights
        return true
    }
}
