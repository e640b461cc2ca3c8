/// The version of this software.
public let zooVersion = "0.1.0"
