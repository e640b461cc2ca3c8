/// The version of this software.
public let zooVersion = "0.2.0"
