import ModelZoo

/// Weights without a graph as `inspect` shows them: the names that `pack` looks for.
struct CheckpointReport: Encodable {
  var path: String
  var format: WeightsFormat
  /// Bytes of the file.
  var fileBytes: Int
  /// Bytes of the weights in memory.
  var tensorBytes: Int
  var parameters: Int
  /// Where in a PyTorch checkpoint the weights are; empty if the whole is the state dictionary.
  var dictionary: String
  var tensors: [ModelReport.Tensor]
  /// What else the file holds.
  var unread: [String]

  enum CodingKeys: String, CodingKey {
    case path, format, parameters, dictionary, tensors, unread
    case fileBytes = "file_bytes"
    case tensorBytes = "tensor_bytes"
  }

  /// `nil` for a file that does not hold weights alone.
  ///
  /// - Throws: `ZooError` for a damaged one, and for a file that can't be read.
  init?(_ path: String, statistics: Bool = false) throws {
    if FileKind(path: path) != .folder {
      guard let format = try WeightsFormat(contentsOf: path) else { return nil }
      if try format.holdsGraph(path) { return nil }
    }
    let files = try WeightFiles(contentsOf: path)
    self.path = path
    format = files.format
    fileBytes = try fileSize(path)
    dictionary = files.dictionary
    unread = files.unread
    tensors = try files.tensors.map { try ModelReport.Tensor($0, statistics: statistics) }
    tensorBytes = tensors.reduce(0) { $0 + $1.bytes }
    parameters = tensors.reduce(0) { $0 + $1.shape.reduce(1, *) }
  }

  func text(listsTensors: Bool) -> String {
    var rows = [
      ["file", path],
      ["format", format.title + ": weights without a graph"],
      ["weights", "\(parameters) in \(tensors.count) tensors, \(byteText(tensorBytes))"],
      ["file size", byteText(fileBytes)],
    ]
    if !dictionary.isEmpty { rows.append(["dictionary", dictionary]) }
    if !unread.isEmpty { rows.append(["beside the weights", unread.joined(separator: ", ") + " (not read)"]) }
    return table(rows)
      + (listsTensors ? "\n\n" + ModelReport.Tensor.table(tensors) : "")
  }
}
