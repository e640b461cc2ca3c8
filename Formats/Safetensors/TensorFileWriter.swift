import Files
import JSON
import ZooCore
import TensorFiles

/// Writes one file.
struct TensorFileWriter {
  private let file: TensorFile

  init(_ file: TensorFile) { self.file = file }

  func write(to path: String) throws { try finished(for: path).commit() }

  /// The complete file, not yet in its place.
  func finished(for path: String) throws -> NewFile {
    var header = try Array(self.header().utf8)
    // Tensors begin at a multiple of 8, for which the header may end in spaces.
    header += [UInt8](repeating: 0x20, count: (8 - header.count % 8) % 8)
    guard header.count <= SafetensorsFormat.greatestHeader else {
      throw ZooError(.usage, "the header of \(file.tensors.count) tensors would be too large")
    }
    let output = try NewFile(path)
    try output.append(withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) })
    try output.append(header)
    for item in file.tensors {
      do {
        try item.tensor.readPieces { try output.append($0) }
      } catch let error as ZooError {
        throw error.located("tensor \"\(item.name)\"")
      }
    }
    try output.finish()
    return output
  }

  private func header() throws -> String {
    var members: [String] = []
    var names: Set<[UInt8]> = [Array(SafetensorsFormat.metadataName.utf8)]
    if !file.metadata.isEmpty {
      var keys: Set<[UInt8]> = []
      for property in file.metadata where !keys.insert(Array(property.key.utf8)).inserted {
        throw ZooError(.usage, "two texts of the metadata have one name", at: property.key)
      }
      let texts = file.metadata.map { "\(JSON.quoted($0.key)):\(JSON.quoted($0.value))" }
      members.append("\(JSON.quoted(SafetensorsFormat.metadataName)):{\(texts.joined(separator: ","))}")
    }
    var offset = 0
    for item in file.tensors {
      let place = "tensor \"\(item.name)\""
      guard names.insert(Array(item.name.utf8)).inserted else {
        throw ZooError(.usage, "the name is taken", at: place, advice: "give each tensor a name of its own")
      }
      guard let type = item.tensor.type.safetensorsName else {
        throw ZooError(.usage, "safetensors has no \(item.tensor.type.name)", at: place)
      }
      let bits = item.tensor.shape.reduce(1, *) * item.tensor.type.bitWidth
      guard bits % 8 == 0 else {
        throw ZooError(
          .usage, "\(bits) bits of \(item.tensor.type.name) are no whole bytes, which safetensors asks for", at: place)
      }
      let (end, overflow) = offset.addingReportingOverflow(item.tensor.byteCount)
      guard !overflow else { throw ZooError(.usage, "the tensors are too large for one file", at: place) }
      let shape = item.tensor.shape.map(String.init).joined(separator: ",")
      members.append(
        "\(JSON.quoted(item.name)):{\"dtype\":\"\(type)\",\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    return "{\(members.joined(separator: ","))}"
  }
}
