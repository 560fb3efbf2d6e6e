// swift-tools-version: 6.2
import PackageDescription

/// The settings of every target: warnings are errors, unsafe code is marked, imports are explicit.
/// `Lifetimes` lets the message reader and writer hold a span without copying the octets.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableExperimentalFeature("Lifetimes"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "horizond",
    products: [.executable(name: "horizond", targets: ["horizond"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.1"),
    ],
    targets: [
        .systemLibrary(
            name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),
        .systemLibrary(name: "CTLS", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .target(name: "CSockets"),
        .target(name: "CNoCurl", exclude: ["link"]),
        .target(name: "DNS", swiftSettings: strict),
        .target(name: "Nameserver", dependencies: ["DNS"], swiftSettings: strict),
        .target(
            name: "Transport", dependencies: ["DNS", "CSockets", "CTLS"], swiftSettings: strict),
        .target(
            name: "Configuration",
            dependencies: ["DNS", "Nameserver", .product(name: "Yams", package: "Yams")],
            swiftSettings: strict),
        .target(
            name: "Migration", dependencies: ["DNS", "Nameserver", "Configuration"],
            swiftSettings: strict),
        .target(
            name: "Admin",
            dependencies: ["CNoCurl", .product(name: "FlyingFox", package: "FlyingFox")],
            resources: [.embedInCode("Page")], swiftSettings: strict),
        .executableTarget(
            name: "horizond",
            dependencies: [
                "DNS", "Nameserver", "Transport", "Configuration", "Migration", "Admin",
                "CSystemd",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict,
            // No libcurl, whether it is here or not: see CNoCurl.
            linkerSettings: [
                .unsafeFlags([
                    "-Xlinker", "--as-needed", "-L\(Context.packageDirectory)/Sources/CNoCurl/link",
                ])
            ]),
        .target(
            name: "FuzzTargets",
            dependencies: [
                "DNS", "Nameserver", "Transport", "Configuration", "Migration", "Admin",
            ],
            path: "Tests/Fuzz/Targets", swiftSettings: strict),
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
        .testTarget(
            name: "DNSTests", dependencies: ["DNS", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "NameserverTests", dependencies: ["DNS", "Nameserver", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "TransportTests", dependencies: ["DNS", "Transport", "CTLS"],
            swiftSettings: strict),
        .testTarget(
            name: "ConfigurationTests", dependencies: ["DNS", "Nameserver", "Configuration"],
            swiftSettings: strict),
        .testTarget(
            name: "HorizondTests",
            dependencies: [
                "horizond", "DNS", "Nameserver", "Transport", "Configuration", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: strict),
        .testTarget(
            name: "MigrationTests",
            dependencies: ["DNS", "Configuration", "Migration", "TestSupport"],
            exclude: ["Samples"], swiftSettings: strict),
        .testTarget(name: "AdminTests", dependencies: ["Admin"], swiftSettings: strict),
        .testTarget(
            name: "FuzzTests", dependencies: ["FuzzTargets"], swiftSettings: strict),
        .testTarget(
            name: "ServiceTests", dependencies: ["DNS", "TestSupport"], exclude: ["Scripts"],
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)

// The fuzzer's program needs the fuzzer's runtime, so it is part of the package only for `make fuzz`.
if Context.environment["HORIZOND_FUZZ"] != nil {
    package.targets.append(
        .executableTarget(
            name: "horizond-fuzz", dependencies: ["FuzzTargets"], path: "Tests/Fuzz/Main",
            swiftSettings: strict))
}

// The benchmarks look at what is internal, so they are built apart, for `make bench-cache` and
// `make bench-code` alone.
if Context.environment["HORIZOND_BENCHMARKS"] != nil {
    package.targets += [
        .executableTarget(
            name: "cache-hit-rate", dependencies: ["DNS", "Nameserver"],
            path: "Benchmarks/CacheHitRate", swiftSettings: strict),
        .target(name: "CallCounts", path: "Tests/CallCounts"),
        .executableTarget(
            name: "in-process", dependencies: ["DNS", "Nameserver", "CallCounts"],
            path: "Benchmarks/InProcess", swiftSettings: strict),
    ]
}
