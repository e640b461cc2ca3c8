import Files
import ZooCore
import ZooImage

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Pictures with boxes, in the layout of Pascal VOC: `JPEGImages/NAME.jpg`, `Annotations/NAME.xml` and lists of names,
/// `ImageSets/Main/LIST.txt`. A folder, perhaps inside others that hold nothing else, or a .tar or .tar.gz file of one.
package struct PascalVOC: Sendable {
  /// An object that an annotation marks.
  package struct Object: Sendable, Hashable {
    package var label: String
    /// Left, top, right, bottom in pixel edges from 0. The files count pixels from 1, and the last one is inside.
    package var left, top, right, bottom: Float
    /// Whether the object is too hard to find to be counted.
    package var isDifficult: Bool

    package init(label: String, left: Float, top: Float, right: Float, bottom: Float, isDifficult: Bool = false) {
      self.label = label
      (self.left, self.top, self.right, self.bottom) = (left, top, right, bottom)
      self.isDifficult = isDifficult
    }
  }

  package struct Sample: Sendable {
    package var name: String
    package var image: Image
    package var objects: [Object]
  }

  /// The names of the pictures.
  package let names: [String]
  private let files: any VOCFiles

  /// - Parameter list: Which list of names; `nil` for `val`, or all pictures with annotations where there is no such list.
  /// - Throws: `ZooError`: `notFound` where there is no such folder, file or list, `badData` for another layout.
  package init(_ path: String, list: String? = nil) throws {
    files = try FolderSource.isFolder(path) ? VOCFolder(path) : VOCArchive(path)
    if let list {
      guard let text = try files.text("ImageSets/Main/\(list).txt") else {
        throw ZooError(
          .notFound, "there is no list \(list)", at: path,
          advice: "the lists are the files ImageSets/Main/LIST.txt: \(files.lists.joined(separator: ", "))")
      }
      names = Self.names(in: text)
    } else if let text = try files.text("ImageSets/Main/val.txt") {
      names = Self.names(in: text)
    } else {
      names = files.annotated.sorted()
    }
    guard !names.isEmpty else { throw ZooError(.badData, "there are no pictures", at: path) }
  }

  /// Whether the folder or file at `path` has this layout.
  package static func recognizes(_ path: String) -> Bool {
    guard let isFolder = try? FolderSource.isFolder(path) else { return false }
    let files: (any VOCFiles)? = isFolder ? try? VOCFolder(path) : try? VOCArchive(path)
    return files.map { !$0.annotated.isEmpty } ?? false
  }

  /// The picture `name` and what it shows.
  ///
  /// - Throws: `ZooError`: `notFound` or `badData`.
  package func sample(_ name: String) throws -> Sample {
    guard let annotation = try files.bytes("Annotations/\(name).xml") else {
      throw ZooError(.notFound, "there is no annotation of \(name)", at: files.path)
    }
    let objects = try VOCAnnotation.objects(in: annotation, at: "\(files.path): Annotations/\(name).xml")
    for ending in ["jpg", "jpeg", "png"] {
      let path = "JPEGImages/\(name).\(ending)"
      guard let bytes = try files.bytes(path) else { continue }
      let image = try Image(decoding: bytes, name: "\(files.path): \(path)", decoding: .forEvaluation)
      return Sample(name: name, image: image, objects: objects)
    }
    throw ZooError(.notFound, "there is no picture JPEGImages/\(name).jpg", at: files.path)
  }

  /// The first word of every line; lists of one class have a number behind it.
  private static func names(in text: String) -> [String] {
    TextFile.lines(of: text).compactMap { $0.split(separator: " ").first.map(String.init) }
  }
}

/// The files of a data set, by their paths in it.
private protocol VOCFiles: Sendable {
  var path: String { get }
  /// Names that have an annotation.
  var annotated: [String] { get }
  var lists: [String] { get }
  /// `nil` where there is no such file.
  func bytes(_ name: String) throws -> [UInt8]?
}

extension VOCFiles {
  func text(_ name: String) throws -> String? { try bytes(name).map { String(decoding: $0, as: UTF8.self) } }

  static func stems(_ names: some Sequence<String>, in folder: String, ending: String) -> [String] {
    names.filter { $0.hasPrefix(folder) && $0.hasSuffix(ending) }
      .map { String($0.dropFirst(folder.count).dropLast(ending.count)) }.filter { !$0.hasPrefix(".") }
  }
}

private struct VOCFolder: VOCFiles {
  let path: String
  let annotated: [String]
  let lists: [String]

  init(_ path: String) throws {
    var root = path
    // Archives unpack to VOCdevkit/VOC2007, for example.
    for _ in 0..<4 where !FileManager.default.fileExists(atPath: root + "/Annotations") {
      let inner = try FileManager.default.contentsOfDirectory(atPath: root).filter { !$0.hasPrefix(".") }
      guard inner.count == 1 else { break }
      root += "/" + inner[0]
    }
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: root + "/Annotations") else {
      throw ZooError(
        .badData, "this is no data set in the layout of Pascal VOC", at: path,
        advice: "it has the folders JPEGImages, Annotations and ImageSets/Main")
    }
    self.path = root
    annotated = Self.stems(names, in: "", ending: ".xml")
    let lists = (try? FileManager.default.contentsOfDirectory(atPath: root + "/ImageSets/Main")) ?? []
    self.lists = Self.stems(lists, in: "", ending: ".txt").sorted()
  }

  func bytes(_ name: String) throws -> [UInt8]? {
    let file = "\(path)/\(name)"
    guard FileManager.default.fileExists(atPath: file) else { return nil }
    return try InputFile(path: file).readToEnd(limit: ImageFormat.mostBytes)
  }
}

/// The archive's files in memory: they lie in it in any order.
private struct VOCArchive: VOCFiles {
  let path: String
  private let files: [String: [UInt8]]
  /// More than any list, annotations and photographs of one data set that fits into memory.
  private static let mostBytes = 4 << 30

  init(_ path: String) throws {
    let reader = try TarReader(path)
    var files: [String: [UInt8]] = [:]
    var total = 0
    while let entry = try reader.next() {
      let parts = entry.name.split(separator: "/").filter { $0 != "." }
      guard let start = parts.firstIndex(where: { ["Annotations", "JPEGImages", "ImageSets"].contains($0) }),
        !parts.contains(where: { $0.hasPrefix(".") })
      else { continue }
      total += entry.size
      guard entry.size <= ImageFormat.mostBytes, total <= Self.mostBytes else {
        throw ZooError(.badData, "the archive is too large to be read at once", at: path, advice: "unpack it")
      }
      files[parts[start...].joined(separator: "/")] = try reader.contents()
    }
    self.path = path
    self.files = files
  }

  var annotated: [String] { Self.stems(files.keys, in: "Annotations/", ending: ".xml") }
  var lists: [String] { Self.stems(files.keys, in: "ImageSets/Main/", ending: ".txt").sorted() }
  func bytes(_ name: String) throws -> [UInt8]? { files[name] }
}
