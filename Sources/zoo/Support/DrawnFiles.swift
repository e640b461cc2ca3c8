import Files
import ModelZoo
import ZooDrawing

/// Where the pictures with boxes go: one file, or for several inputs a folder.
struct DrawnFiles {
  private let path: String
  private let writing: WritingOptions
  private let isFolder: Bool
  private let drawing: DetectionDrawing
  private var names = FileNames(ending: ".png")

  /// - Throws: `ZooError` (`usage`) for a name that does not end with .png.
  init(_ path: String, inputs: Int, model: Model, _ writing: WritingOptions) throws {
    let isThere = FileKind(path: path) == .folder
    guard isThere || path.lowercased().hasSuffix(".png") == (inputs == 1) else {
      throw ZooError(
        .usage,
        inputs == 1 ? "the picture is written as PNG" : "\(inputs) pictures don't go into one file", at: path,
        advice: inputs == 1 ? "end the name with .png" : "give --draw a folder")
    }
    (self.path, self.writing) = (path, writing)
    isFolder = isThere || inputs != 1
    drawing = DetectionDrawing(labels: model.metadata.labels)
  }

  /// Draws what was found in the picture of the file `input`.
  mutating func write(_ image: Image, _ detections: [Detection], input: String) throws {
    let bytes = try drawing.png(of: image, detections)
    var target = path
    if isFolder {
      try Folder.make(path)
      let name = input == "-" ? "stdin" : input.split(separator: "/").last.map(String.init) ?? "picture"
      let stem =
        name.split(separator: ".").count > 1 ? String(name[..<(name.lastIndex(of: ".") ?? name.endIndex)]) : name
      target = "\(path)/\(names.add([stem])[0])"
    }
    try writing.check(target)
    try bytes.withUnsafeBytes { try NewFile.write([$0], to: target) }
  }
}
