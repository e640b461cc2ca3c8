import ZooCore

/// What a package is made of, for people who look into one.
public struct PackageSummary: Sendable, Hashable {
  /// The format's version.
  public var version: Int
  /// Bytes of the whole file.
  public var fileSize: Int
  /// Bytes of the model without the tensors in chunks.
  public var modelSize: Int
  /// In the file's order, those of attributes and subgraphs included.
  public var tensors: [Tensor]

  /// Bytes of all elements; strings count with their contents.
  public var byteCount: Int { tensors.reduce(0) { $0 + $1.byteCount } }

  /// Bytes that the elements take in the file.
  public var storedByteCount: Int { tensors.reduce(0) { $0 + $1.storedByteCount } }

  /// A tensor in the file.
  public struct Tensor: Sendable, Hashable {
    public var name: String
    public var type: ElementType
    public var shape: [Int]
    /// Bytes of the elements in memory.
    public var byteCount: Int
    /// Bytes in the file.
    public var storedByteCount: Int
    /// Empty for a short tensor, which lies with the graph.
    public var chunks: [Chunk]
  }

  /// A piece of a tensor, compressed by itself.
  public struct Chunk: Sendable, Hashable {
    /// Bytes of the elements in memory.
    public var byteCount: Int
    /// Bytes in the file.
    public var storedByteCount: Int
    public var checksum: UInt32
    /// Where its data begins in the file.
    public var offset: Int
    /// By byte of an element, least significant first; one plane holds elements as they are.
    public var planes: [Plane]
  }

  /// One byte of each element.
  public struct Plane: Sendable, Hashable {
    /// Whether it is compressed.
    public var deflated: Bool
    /// Bytes in the file.
    public var storedByteCount: Int
  }
}
