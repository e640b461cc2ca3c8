import Datasets
import Files
import ModelZoo
import NumPyFormat

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Samples at a path as the network's inputs.
struct SampleTensors {
  /// How many samples there are.
  let count: Int
  private let content: Content
  private let model: Model
  private let path: String

  private enum Content {
    case images([String])
    case dataset(LabelledDataset)
    case arrays([String])
  }

  /// Samples that go through the network at once, where it leaves that open.
  private static let batch = 8

  init(_ path: String, for model: Model) throws {
    (self.path, self.model) = (path, model)
    guard let kind = FileKind(path: path) else { throw ZooError(.notFound, "no such file or folder", at: path) }
    let files = kind == .folder ? try Self.files(in: path) : [path]
    let arrays = files.filter { Self.hasEnding($0, ["npy", "npz"]) }
    guard model.metadata.task == .imageClassification else {
      guard !arrays.isEmpty, kind == .folder || arrays.count == files.count else {
        throw ZooError(
          .badData, "neither a .npy nor a .npz file, nor a folder with some", at: path,
          advice: "the model states no task, so that it takes tensors")
      }
      content = .arrays(arrays)
      count = try arrays.reduce(0) { try $0 + Self.pieces(of: $1, model).count }
      return
    }
    let images = try files.filter {
      try Self.hasEnding($0, ImageFormat.fileEndings) || (kind == .file && Self.isImage($0))
    }
    if !images.isEmpty {
      (content, count) = (.images(images), images.count)
    } else if !arrays.isEmpty, kind == .folder || !Self.isLabelled(path) {
      content = .arrays(arrays)
      count = try arrays.reduce(0) { try $0 + Self.pieces(of: $1, model).count }
    } else {
      // Labels are of no interest, so that classes need not be the model's.
      let dataset = try LabelledDataset(path, labels: [])
      (content, count) = (.dataset(dataset), dataset.count)
    }
  }

  /// Calls `body` with every `step`th sample, several at once where the network takes them.
  func forEach(every step: Int, _ body: (_ tensors: [String: Tensor], _ samples: Int) throws -> Void) throws {
    switch content {
    case .images(let files):
      let classifier = try ImageClassifier(model)
      for path in stride(from: 0, to: files.count, by: step).map({ files[$0] }) {
        try body(try classifier.tensors(of: [Image(contentsOf: path, decoding: .forEvaluation)]), 1)
      }
    case .dataset(let dataset):
      let classifier = try ImageClassifier(model)
      try dataset.forEachBatch(of: Self.batch, every: step) { samples in
        let images = samples.compactMap { if case .image(let image) = $0.content { image } else { nil } }
        for first in stride(from: 0, to: images.count, by: classifier.batchSize) {
          let batch = Array(images[first..<min(first + classifier.batchSize, images.count)])
          try body(try classifier.tensors(of: batch), batch.count)
        }
        for sample in samples {
          guard case .tensor(let tensor) = sample.content else { continue }
          try body([classifier.input: try tensor.reshaped([1] + tensor.shape)], 1)
        }
      }
    case .arrays(let files):
      var index = 0
      for file in files {
        for piece in try Self.pieces(of: file, model) {
          if index % step == 0 { try locating(file) { try body(piece, 1) } }
          index += 1
        }
      }
    }
  }

  private func locating(_ path: String, _ body: () throws -> Void) throws {
    do { try body() } catch let error as ZooError { throw error.located(path) }
  }

  // MARK: Arrays

  /// The samples in an array file: the arrays as they are where they fit the network, their first axis taken apart
  /// otherwise.
  private static func pieces(of path: String, _ model: Model) throws -> [[String: Tensor]] {
    let inputs = model.inputs
    var tensors: [String: Tensor] = [:]
    if hasEnding(path, ["npz"]) {
      let arrays = try NumPyFile.readArchive(path)
      for input in inputs {
        guard let array = arrays[input.name] else {
          throw ZooError(
            .badData,
            "the archive holds no \(input.name).npy, but \(arrays.keys.sorted().prefix(5).joined(separator: ", "))",
            at: path, advice: "save an array for each input: numpy.savez(path, \(input.name)=…)")
        }
        tensors[input.name] = array
      }
    } else {
      guard inputs.count == 1 else {
        throw ZooError(
          .usage, "the model has \(inputs.count) inputs, a .npy file holds one", at: path,
          advice: "save them together: numpy.savez(path, \(inputs.map { $0.name + "=…" }.joined(separator: ", ")))")
      }
      tensors[inputs[0].name] = try NumPyFile.read(path)
    }
    let extents = Set(tensors.values.map { $0.shape.first ?? 0 })
    guard let count = extents.first, extents.count == 1, count > 1,
      tensors.values.allSatisfy({ $0.type.bitWidth >= 8 })
    else { return [tensors] }
    let declared = inputs.map { input -> ShapeDimension.Extent? in
      guard case .tensor(_, let shape?)? = input.type?.form else { return nil }
      return shape.first?.extent
    }
    var size = 1
    if case .fixed(let extent)?? = declared.first {
      guard declared.allSatisfy({ $0 == .fixed(extent) }), extent > 0, extent < count, count % Int(extent) == 0 else {
        return [tensors]
      }
      size = Int(extent)
    } else if declared.contains(where: { $0.map { if case .fixed = $0 { true } else { false } } ?? true }) {
      return [tensors]
    }
    return try stride(from: 0, to: count, by: size).map { first in
      try tensors.mapValues { try $0.rows(first..<first + size) }
    }
  }

  // MARK: Files

  private static func files(in folder: String) throws -> [String] {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
      throw ZooError(.notFound, "the folder can't be read", at: folder)
    }
    return names.filter { !$0.hasPrefix(".") }.sorted().map { "\(folder)/\($0)" }.filter { FileKind(path: $0) == .file }
  }

  private static func hasEnding(_ path: String, _ endings: Set<String>) -> Bool {
    path.lastIndex(of: ".").map { endings.contains(path[path.index(after: $0)...].lowercased()) } ?? false
  }

  private static func isImage(_ path: String) throws -> Bool {
    ImageFormat(signature: try InputFile(path: path).read(ImageFormat.signatureLength)) != nil
  }

  /// Whether the file is a dataset with labels, and no arrays for the inputs.
  private static func isLabelled(_ path: String) -> Bool {
    guard hasEnding(path, ["npz"]), let arrays = try? NumPyFile.readArchive(path) else { return false }
    return arrays["images"] != nil && arrays["labels"] != nil
  }
}

extension Tensor {
  /// A part along the first axis, copied.
  fileprivate func rows(_ range: Range<Int>) throws -> Tensor {
    let size = byteCount / max(shape[0], 1)
    return try Tensor(type: type, shape: [range.count] + shape.dropFirst()) { bytes in
      withUnsafeBytes {
        bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[range.lowerBound * size..<range.upperBound * size]))
      }
    }
  }
}
