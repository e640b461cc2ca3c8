import ZooCore

/// What a file of weights holds: named tensors, and texts about them. Each weights format reads and writes this.
package struct TensorFile: Sendable {
  /// In the order in which they lie in the file; elements stay there until somebody loads them.
  package var tensors: [NamedTensor]
  /// What the file says about itself, such as safetensors' `__metadata__`.
  package var metadata: [Property]
  /// What else the file holds and nobody reads, in words: objects of a program, tables of texts.
  package var unread: [String]

  package init(tensors: [NamedTensor], metadata: [Property] = [], unread: [String] = []) {
    self.tensors = tensors
    self.metadata = metadata
    self.unread = unread
  }

  /// Joins files that hold one model's tensors between them. What they say about themselves is kept where they agree.
  package init(joining shards: [TensorFile]) {
    self.init(tensors: shards.flatMap(\.tensors))
    var texts: [[UInt8]: [UInt8]] = [:]
    var contradictions: Set<[UInt8]> = []
    let all = shards.flatMap(\.metadata)
    for property in all {
      let (key, value) = (Array(property.key.utf8), Array(property.value.utf8))
      if texts.updateValue(value, forKey: key) ?? value != value { contradictions.insert(key) }
    }
    var told: Set<[UInt8]> = []
    for property in all where told.insert(Array(property.key.utf8)).inserted {
      if contradictions.contains(Array(property.key.utf8)) {
        unread.append("metadata \"\(property.key)\", which differs from file to file")
      } else {
        metadata.append(property)
      }
    }
    var seen: Set<[UInt8]> = []
    unread += shards.flatMap(\.unread).filter { seen.insert(Array($0.utf8)).inserted }
  }
}
