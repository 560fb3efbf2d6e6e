import DNS
import Testing

@testable import Transport

@Suite("Socket addresses")
struct SocketAddressTests {
    @Test("A text names address, port and scope")
    func describes() throws {
        #expect(try endpoint("127.0.0.1", 53).description == "127.0.0.1:53")
        #expect(try endpoint("::1", 5300).description == "[::1]:5300")
        var linkLocal = try endpoint("fe80::1", 53)
        linkLocal.scope = 2
        #expect(linkLocal.description == "[fe80::1%2]:53")
    }

    @Test(
        "The kernel's layout gives back what was put in", arguments: ["192.0.2.7", "2001:db8::9"])
    func roundTrips(host: String) throws {
        var address = try endpoint(host, 5353)
        if address.isIPv6 { address.scope = 3 }
        #expect(KernelAddress(address).socketAddress == address)
        #expect(KernelAddress(address).length == (address.isIPv6 ? 28 : 16))
    }

    @Test("An IPv4 address on an IPv6 socket is mapped, and read as IPv4")
    func maps() throws {
        let address = try endpoint("192.0.2.7", 53)
        let mapped = KernelAddress(address, onIPv6Socket: true)
        #expect(mapped.length == 28)
        #expect(mapped.socketAddress == address)
    }
}
