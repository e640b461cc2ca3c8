import Files
import NumPyFormat
import ZooCore
import ZooImage

/// Labelled pictures (or tensors) to measure a classifier with, read piece by piece.
///
/// A dataset is one of
/// - a folder `CLASS/IMAGE`, also under folders that hold nothing else (`test/CLASS/IMAGE`); hidden files and files
///   without an image's extension are left out, as torchvision's ImageFolder does;
/// - a `.tar` or `.tar.gz` file of such a folder, which is not unpacked;
/// - an `.npz` file with `images` (N×3×H×W or N×H×W×3 bytes, or numbers of other types as N tensors) and `labels` (N
///   integers).
///
/// ```swift
/// let dataset = try LabelledDataset("cifar10/test.tar.gz", labels: metadata.labels)
/// try dataset.forEachBatch(of: 32) { batch in … }
/// ```
package struct LabelledDataset: Sendable {
  /// One picture and what it shows.
  package struct Sample: Sendable {
    package enum Content: Sendable {
      case image(Image)
      /// An input that needs no preprocessing, without the batch's axis.
      case tensor(Tensor)
    }

    /// The file, or the number in the array.
    package var name: String
    /// The index of the class among the model's outputs.
    package var label: Int
    package var content: Content

    package init(name: String, label: Int, content: Content) {
      self.name = name
      self.label = label
      self.content = content
    }
  }

  /// How many samples there are.
  package var count: Int { source.count }

  private let source: any SampleSource

  /// The dataset at `path`.
  ///
  /// Classes are matched with `labels`, the model's class names, by name. Classes that are all numbers, and that are no
  /// labels, are the indices themselves. A model without labels takes the sorted classes in order; then `classCount`,
  /// if given, must be their number.
  ///
  /// - Throws: `ZooError`: `notFound` when there is nothing at `path`; `badData` for anything that is no dataset, is
  ///   damaged, or has classes that the model does not know.
  package init(
    _ path: String, labels: [String], classCount: Int? = nil, decoding: ImageDecoding = .forEvaluation
  ) throws {
    let classes = ClassNames(labels: labels, count: classCount)
    do {
      if try FolderSource.isFolder(path) {
        source = try FolderSource(path, classes: classes, decoding: decoding)
        return
      }
      // Datasets are read twice, which pipes and devices can't be.
      let beginning = try MappedFile.reading(path) { Array($0.bytes.prefix(TarReader.blockSize)) }
      if beginning.starts(with: [0x50, 0x4b, 0x03, 0x04]) {
        source = try ArraySource(path, classes: classes)
      } else if TarReader.sniff(beginning) {
        source = try TarSource(path, classes: classes, decoding: decoding)
      } else if let foreign = beginning.withUnsafeBytes(ForeignFile.init) {
        throw foreign.error(at: path)
      } else {
        throw ZooError(
          .badData, "this is neither a folder nor a .tar, .tar.gz or .npz file",
          advice: beginning.withUnsafeBytes { NumPyFormat.sniff($0) }
            ? "save images and labels together: numpy.savez(path, images=…, labels=…)"
            : "give a folder CLASS/IMAGE, the same in a tar file, or an .npz file with images and labels")
      }
    } catch let error as ZooError {
      throw error.location?.hasPrefix(path) == true ? error : error.located(path)
    }
  }

  /// Calls `body` with `size` samples at a time, the last time with what is left. One batch is in memory at once.
  ///
  /// - Parameter step: Every how many samples one is taken, the first being the first; the others are not decoded.
  /// - Throws: `ZooError` for a sample that can't be read, naming it, and what `body` throws.
  package func forEachBatch(of size: Int, every step: Int = 1, _ body: ([Sample]) throws -> Void) throws {
    var batch: [Sample] = []
    try source.forEach(every: step) { sample in
      batch.append(sample)
      if batch.count >= size {
        try body(batch)
        batch.removeAll(keepingCapacity: true)
      }
    }
    if !batch.isEmpty { try body(batch) }
  }
}

/// Where samples come from.
protocol SampleSource: Sendable {
  var count: Int { get }
  func forEach(every step: Int, _ body: (LabelledDataset.Sample) throws -> Void) throws
}
