/// Why a connection ends with an answer to something that is no request.
struct RequestError: Error, Equatable {
    let status: Int
    let text: String

    init(_ status: Int, _ text: String) {
        self.status = status
        self.text = text
    }
}
