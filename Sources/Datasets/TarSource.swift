import ZooCore
import ZooImage

/// Images in a tar archive, in its order. The archive is read once to learn the classes, and once for the images.
struct TarSource: SampleSource {
  let count: Int
  private let path: String
  private let layout: FolderLayout
  private let indices: [String: Int]
  private let decoding: ImageDecoding

  init(_ path: String, classes: ClassNames, decoding: ImageDecoding) throws {
    let reader = try TarReader(path)
    var images: [[Substring]] = []
    while let entry = try reader.next() {
      guard let components = FolderLayout.components(of: entry.name) else { continue }
      guard entry.size <= ImageFormat.mostBytes else {
        throw ZooError(
          .badData, "the file is larger than \(ImageFormat.mostBytes >> 20) MiB, the limit for its kind",
          at: "\(path): \(entry.name)")
      }
      images.append(components)
    }
    layout = try FolderLayout(images)
    indices = try classes.indices(of: layout.classes)
    count = images.count
    self.path = path
    self.decoding = decoding
  }

  func forEach(every step: Int, _ body: (LabelledDataset.Sample) throws -> Void) throws {
    let reader = try TarReader(path)
    var index = 0
    while let entry = try reader.next() {
      guard let components = FolderLayout.components(of: entry.name) else { continue }
      guard components.count > layout.outerFolders, let label = indices[layout.className(components)] else {
        throw ZooError(.badData, "the archive has changed while it was read", at: path)
      }
      let name = "\(path): \(entry.name)"
      defer { index += 1 }
      guard index % step == 0 else { continue }
      try body(
        .init(
          name: name, label: label, content: .image(Image(decoding: reader.contents(), name: name, decoding: decoding)))
      )
    }
  }
}
