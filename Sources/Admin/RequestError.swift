/// Why a connection ends with an answer to something that is no request.
package struct RequestError: Error, Equatable {
    package let status: Int
    package let text: String

    init(_ status: Int, _ text: String) {
        self.status = status
        self.text = text
    }
}
