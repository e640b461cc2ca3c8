/// What the server takes on.
public struct ServerLimits: Sendable {
  /// Rows, pictures or texts that go through a network together.
  public var batch = 8
  /// How long a request waits for others that could go with it.
  public var batchDelay: Duration = .zero
  /// Requests that wait for a model.
  public var queue = 64
  /// Texts that a model generates at once, in the same steps. A translator, whose texts take a thread each, does two.
  public var streams = 8
  /// From a request's arrival to its answer.
  public var time: Duration = .seconds(60)
  /// The same for a request that texts are generated for.
  public var textTime: Duration = .seconds(600)
  /// Tokens of an answer where the request does not say.
  public var tokens = 1024
  /// Bytes of a request's body.
  public var body = 64 << 20
  /// Bytes of all bodies that are held at once.
  public var bodies = 512 << 20
  public var connections = 1024
  /// How long a connection may say nothing.
  public var idleTime: Duration = .seconds(60)
  /// Bytes of the weights of all open models; `nil` for any number.
  public var memory: Int?

  public init() {}
}
