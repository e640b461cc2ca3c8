import Datasets
import Foundation
import TestSupport
import Testing
import ZooCore
import ZooImage

@Suite struct LabelledDatasetTests {
  private let labels = ["ape", "bear", "cat"]

  private func samples(_ path: String, labels: [String], classCount: Int? = nil) throws -> [LabelledDataset.Sample] {
    let dataset = try LabelledDataset(path, labels: labels, classCount: classCount)
    var samples: [LabelledDataset.Sample] = []
    try dataset.forEachBatch(of: 2) { batch in
      #expect(!batch.isEmpty && batch.count <= 2)
      samples += batch
    }
    #expect(samples.count == dataset.count)
    return samples
  }

  /// The labels, and the red of the first pixels.
  private func summary(_ samples: [LabelledDataset.Sample]) -> [[Int]] {
    samples.map { sample in
      guard case .image(let image) = sample.content else { return [sample.label] }
      return [sample.label, Int(image.pixels[0])]
    }
  }

  /// A small dataset of four images in `folder`, and things that don't belong to it.
  private func makeFolder(_ folder: String) throws {
    try write(pixel(1, 0, 0), to: "\(folder)/cat/a.png")
    try write(pixel(2, 0, 0), to: "\(folder)/cat/b.PNG")
    try write(pixel(3, 0, 0), to: "\(folder)/ape/a.png")
    try write(pixel(4, 0, 0), to: "\(folder)/ape/more/a.png")
    try write(Array("hidden".utf8), to: "\(folder)/ape/.a.png")
    try write(Array("hidden".utf8), to: "\(folder)/.git/x/a.png")
    try write(Array("notes".utf8), to: "\(folder)/ape/notes.txt")
  }

  @Test func folders() throws {
    try withFolder { (folder: String) throws in
      try makeFolder("\(folder)/data/test")
      try write(Array("about".utf8), to: "\(folder)/data/README.md")
      let expected = [[0, 3], [0, 4], [2, 1], [2, 2]]
      for path in ["data/test", "data", ""] {
        #expect(try summary(samples("\(folder)/\(path)", labels: labels)) == expected)
      }
      #expect(try summary(samples("\(folder)/data", labels: [])).map { $0[0] } == [0, 0, 1, 1])
      #expect(try summary(samples("\(folder)/data", labels: [], classCount: 2)).map { $0[0] } == [0, 0, 1, 1])
      #expect(error { try samples("\(folder)/data", labels: [], classCount: 3) }?.kind == .badData)
      let unknown = error { try samples("\(folder)/data", labels: ["cat", "dog"]) }
      #expect(unknown?.kind == .badData)
      #expect(unknown?.message.contains(": ape") == true)
      #expect(error { try samples("\(folder)/none", labels: labels) }?.kind == .notFound)
      // A link to a folder above does not lead round in circles.
      try FileManager.default.createSymbolicLink(
        atPath: "\(folder)/data/test/cat/loop", withDestinationPath: "\(folder)/data")
      #expect(try samples("\(folder)/data", labels: labels).count >= 4)
    }
  }

  @Test func foldersNamedByNumbers() throws {
    try withFolder { (folder: String) throws in
      for index in [0, 2, 10] { try write(pixel(UInt8(index), 0, 0), to: "\(folder)/\(index)/a.png") }
      let expected = [[0, 0], [10, 10], [2, 2]]
      #expect(try summary(samples(folder, labels: (0...10).map { "class \($0)" })) == expected)
      #expect(try summary(samples(folder, labels: [], classCount: 11)) == expected)
      #expect(error { try samples(folder, labels: labels) }?.kind == .badData)
    }
  }

  @Test func foldersWithoutAnyClass() throws {
    try withFolder { (folder: String) throws in
      #expect(error { try samples(folder, labels: labels) }?.message == "there are no images")
      try write(pixel(1, 2, 3), to: "\(folder)/a.png")
      #expect(error { try samples(folder, labels: labels) }?.message.contains("a.png lies in no class") == true)
    }
  }

  @Test func damagedImagesAreNamed() throws {
    try withFolder { (folder: String) throws in
      try write(Array("text".utf8), to: "\(folder)/cat/a.png")
      let error = error { try samples(folder, labels: labels) }
      #expect(error?.kind == .badData)
      #expect(error?.location == "\(folder)/cat/a.png")
    }
  }

  // MARK: Archives

  @Test func whatCanNotBeReadTwiceIsNoDataset() throws {
    try withFolder { (folder: String) throws in
      try #require(mkfifo("\(folder)/pipe", 0o600) == 0)
      for path in ["\(folder)/pipe", "/dev/zero", "/dev/null"] {
        #expect(error { try samples(path, labels: labels) }?.kind == .badData, "\(path)")
      }
    }
  }

  /// A file full of holes, which nobody should read.
  @Test func hugeImagesAreErrors() throws {
    try withFolder { (folder: String) throws in
      let path = "\(folder)/cat/a.jpg"
      try write([0xFF, 0xD8, 0xFF], to: path)
      try #require(truncate(path, 5 << 30) == 0)
      let error = error { try samples(folder, labels: labels) }
      #expect(error?.message.contains("larger than 512 MiB") == true && error?.location == path, "\(error as Any)")
      let archive = "\(folder)/a.tar"
      try Program.run("/bin/sh", ["-c", "cd '\(folder)' && tar -cf - cat | head -c 4096 >a.tar"])
      let inside = TestSupport.error { try samples(archive, labels: labels) }
      #expect(inside?.location == "\(archive): cat/a.jpg", "\(inside as Any)")
    }
  }

  private let tar = "/usr/bin/tar"

  @Test(arguments: ["ustar", "pax", "gnu"])
  func archives(format: String) throws {
    try withFolder { (folder: String) throws in
      try makeFolder("\(folder)/test")
      // Longer than a header's field, so that each format's way of long names is used.
      let long = String(repeating: "long-name-", count: 9)
      try write(pixel(5, 0, 0), to: "\(folder)/test/bear/\(long)/\(long).png")
      let expected: Set<[Int]> = [[0, 3], [0, 4], [2, 1], [2, 2], [1, 5]]
      try Program.run(tar, ["-C", folder, "--format", format, "-czf", "\(folder)/a.tar.gz", "test"])
      try Program.run(tar, ["-C", "\(folder)/test", "--format", format, "-cf", "\(folder)/a.tar", "."])
      for name in ["a.tar.gz", "a.tar"] {
        let samples = try samples("\(folder)/\(name)", labels: labels)
        #expect(samples.count == 5)
        #expect(Set(summary(samples)) == expected)
      }
      // Every damage to headers, and some to contents.
      let whole = try bytes(of: "\(folder)/a.tar")
      let path = "\(folder)/b.tar"
      for position in stride(from: 0, to: whole.count - 10_240, by: 409) {
        var damaged = whole
        damaged[position] ^= UInt8(1 << (position % 8))
        try write(damaged, to: path)
        _ = error { try samples(path, labels: labels) }
        try write(Array(whole[..<position]), to: path)
        #expect(error { try samples(path, labels: labels) }?.kind == .badData, "\(position) bytes")
      }
      let packed = try bytes(of: "\(folder)/a.tar.gz")
      for length in stride(from: 0, to: packed.count, by: 83) {
        try write(Array(packed[..<length]), to: "\(folder)/b.tar.gz")
        #expect(error { try samples("\(folder)/b.tar.gz", labels: labels) }?.kind == .badData, "\(length) bytes")
      }
    }
  }

  /// A tar header for `name` that claims `size`, as text of twelve bytes.
  private func header(_ name: String, size: [UInt8], kind: Character = "0") -> [UInt8] {
    var header = [UInt8](repeating: 0, count: 512)
    header.replaceSubrange(0..<name.utf8.count, with: Array(name.utf8))
    header.replaceSubrange(124..<124 + size.count, with: size)
    header[156] = kind.asciiValue ?? 0
    header.replaceSubrange(148..<156, with: [UInt8](repeating: 0x20, count: 8))
    let sum = String(header.reduce(0) { $0 + Int($1) }, radix: 8)
    header.replaceSubrange(148..<148 + sum.utf8.count, with: Array(sum.utf8))
    return header
  }

  @Test func archivesThatLieAreRefused() throws {
    try withFolder { (folder: String) throws in
      let path = "\(folder)/a.tar"
      let end = [UInt8](repeating: 0, count: 1024)
      let huge = [0x80] + [UInt8](repeating: 0, count: 4) + [0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]
      let archives = [
        header("cat/a.png", size: Array("77777777777".utf8)) + end,
        header("cat/a.png", size: huge) + end,
        header("cat/a.png", size: [UInt8](repeating: 0xff, count: 12)) + end,
        header("cat/a.png", size: Array("-7".utf8)) + end,
        header("cat/a.png", size: Array("zz".utf8)) + end,
        header("x", size: Array("77777777777".utf8), kind: "L") + end,
        header("x", size: Array("10".utf8), kind: "x") + Array("99999999999999999999 a=b\n".utf8) + end,
        header("x", size: Array("10".utf8), kind: "x") + Array("0 a=bcd\n".utf8) + end + end,
        header("cat/a.png", size: Array("4".utf8), kind: "S") + end,
        header("cat/a.png", size: Array("0".utf8)) + end,
        end,
      ]
      for (index, archive) in archives.enumerated() {
        try write(archive, to: path)
        let error = error { try samples(path, labels: labels) }
        #expect(error?.kind == .badData || error?.kind == .unsupported, "archive \(index)")
      }
    }
  }

  // MARK: Arrays

  @Test func arrays() throws {
    let planes = try samples("\(fixtures)/planes.npz", labels: labels)
    #expect(summary(planes) == [[1, 0], [0, 30], [2, 60], [1, 90]])
    let interleaved = try samples("\(fixtures)/interleaved.npz", labels: [])
    #expect(summary(interleaved) == summary(planes))
    for (left, right) in zip(planes, interleaved) {
      guard case .image(let one) = left.content, case .image(let other) = right.content else { continue }
      #expect(one == other)
      #expect(one.width == 5 && one.height == 2)
    }
    let tensors = try samples("\(fixtures)/tensors.npz", labels: labels)
    guard case .tensor(let tensor) = tensors[1].content else { throw ZooError(.defect, "not a tensor") }
    #expect(tensor.shape == [3, 2, 5])
    #expect(try tensor.elements(Float.self) == (30..<60).map(Float.init))

    #expect(error { try samples("\(fixtures)/planes.npz", labels: ["ape", "bear"]) }?.kind == .badData)
    #expect(error { try samples("\(fixtures)/planes.npz", labels: [], classCount: 2) }?.kind == .badData)
    #expect(error { try samples("\(fixtures)/lengths.npz", labels: labels) }?.kind == .badData)
    #expect(error { try samples("\(fixtures)/other.npz", labels: labels) }?.message.contains("pictures") == true)
    #expect(error { try samples("\(fixtures)/f4.npy", labels: labels) }?.advice?.contains("savez") == true)
  }

  @Test(arguments: ["planes.npz", "interleaved.npz"])
  func damagedArraysGiveAnErrorOrSamples(name: String) throws {
    let whole = try bytes(of: "\(fixtures)/\(name)")
    try withFolder { (folder: String) throws in
      let path = "\(folder)/a.npz"
      for length in whole.indices {
        try write(Array(whole[..<length]), to: path)
        #expect(error { try samples(path, labels: labels) }?.kind == .badData, "\(length) of \(whole.count) bytes")
        var damaged = whole
        damaged[length] ^= UInt8(1 << (length * 3 % 8))
        try write(damaged, to: path)
        _ = error { try samples(path, labels: labels) }
      }
    }
  }
}
