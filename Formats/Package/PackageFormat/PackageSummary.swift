import ZooCore

/// What a package is made of, for people who look into one.
package struct PackageSummary: Sendable, Hashable {
  /// The format's version.
  package var version: Int
  /// Bytes of the whole file.
  package var fileSize: Int
  /// Bytes of the model without the tensors in chunks.
  package var modelSize: Int
  /// In the file's order, those of attributes and subgraphs included.
  package var tensors: [Tensor]

  /// Bytes of all elements; strings count with their contents.
  package var byteCount: Int { tensors.reduce(0) { $0 + $1.byteCount } }

  /// Bytes that the elements take in the file.
  package var storedByteCount: Int { tensors.reduce(0) { $0 + $1.storedByteCount } }

  /// A tensor in the file.
  package struct Tensor: Sendable, Hashable {
    package var name: String
    package var type: ElementType
    package var shape: [Int]
    /// Bytes of the elements in memory.
    package var byteCount: Int
    /// Bytes in the file.
    package var storedByteCount: Int
    /// Empty for a short tensor, which lies with the graph.
    package var chunks: [Chunk]
  }

  /// A piece of a tensor, compressed by itself.
  package struct Chunk: Sendable, Hashable {
    /// Bytes of the elements in memory.
    package var byteCount: Int
    /// Bytes in the file.
    package var storedByteCount: Int
    package var checksum: UInt32
    /// Where its data begins in the file.
    package var offset: Int
    /// By byte of an element, least significant first; one plane holds elements as they are.
    package var planes: [Plane]
  }

  /// One byte of each element.
  package struct Plane: Sendable, Hashable {
    /// Whether it is compressed.
    package var deflated: Bool
    /// Bytes in the file.
    package var storedByteCount: Int
  }
}
