import CSockets
import DNS
import Glibc

/// What this process may do.
enum Rights {
    /// Why root's could not be given up.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Goes on as the user `name`, with no right of root's but to bind ports below 1024, and for good. To be
    /// called before there is a second thread, which would keep its own.
    static func become(_ name: String) throws(Failure) {
        guard geteuid() == 0 else {
            throw Failure(description: "only root can become the user \(name.quoted)")
        }
        // Reads the name until it returns.
        guard unsafe hs_become(name) != 0 else { return }
        let reason =
            switch errno {
            case ENOENT: "there is none of that name; expected one of those of `getent passwd`"
            case EINVAL: "that is root again; expected another one, such as horizond"
            default: unsafe String(cString: strerror(errno))
            }
        throw Failure(description: "cannot become the user \(name.quoted): \(reason)")
    }
}
