// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "ModelZoo",
  products: [
    // With its operators: who depends on it loads no plugin.
    .library(name: "ModelZoo", targets: ["ModelZoo", "LinkedPlugins"]),
    .library(name: "ZooPlugin", targets: ["ZooPlugin"]),
    // What a program needs that measures models or draws what they find.
    .library(name: "ZooEvaluation", targets: ["ZooEvaluation", "LinkedPlugins"]),
    .library(name: "ZooDrawing", targets: ["ZooDrawing", "LinkedPlugins"]),
    // Models and pictures among the resources of a bundle: needs all of Foundation.
    .library(name: "ZooBundle", targets: ["ZooBundle"]),
    // libmodelzoo.so, for C and what calls C.
    .library(name: "modelzoo", type: .dynamic, targets: ["ModelZooC", "LinkedPlugins"]),
    .executable(name: "zoo", targets: ["zoo"]),
    // What Tests/Fuzz runs: not for embedders.
    .library(name: "FuzzTargets", targets: ["FuzzTargets"]),
    // Plugins, which the program zoo loads with dlopen.
    .library(name: "ZooStandard", type: .dynamic, targets: ["StandardExport"]),
    .library(name: "ZooConv", type: .dynamic, targets: ["ConvExport"]),
    .library(name: "ZooAttention", type: .dynamic, targets: ["AttentionExport"]),
    .library(name: "ZooVision", type: .dynamic, targets: ["VisionExport"]),
    .library(name: "ZooSVM", type: .dynamic, targets: ["SVMExport"]),
    .library(name: "ZooML", type: .dynamic, targets: ["MLExport"]),
    .library(name: "ZooPicture", type: .dynamic, targets: ["PictureExport"]),
  ],
  traits: [
    // Libraries of the system that not everybody needs: all by default, `traits: []` in a dependency for none.
    .trait(name: "JPEG2000", description: "The operator ImageDecoder reads JPEG 2000 (OpenJPEG)."),
    .trait(name: "TIFF", description: "Pictures in TIFF files (libtiff)."),
    .trait(
      name: "Tokenizers",
      description: "Regular expressions (Oniguruma) and normal forms (utf8proc) of texts, as most tokenizers need them."
    ),
    .trait(name: "WebP", description: "Pictures in WebP files (libwebp)."),
    .default(enabledTraits: ["JPEG2000", "TIFF", "Tokenizers", "WebP"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
  ],
  targets: [
    // The core.
    .target(name: "ZooPlatform"),
    .target(name: "ZooCore", dependencies: ["ZooPlatform"]),
    .target(name: "ZooNumbers", dependencies: ["ZooCore"]),
    .target(name: "WeightBlocks", dependencies: ["ZooCore", "ZooNumbers"]),
    .target(
      name: "ZooOperators", dependencies: ["ZooCore", "ZooNumbers", "WeightBlocks"],
      exclude: ["Schema/make_schema_table.py"]),
    .target(name: "ZooCompiler", dependencies: ["ZooCore", "ZooNumbers", "ZooOperators", "WeightBlocks"]),
    .target(name: "ZooPatterns", dependencies: ["ZooCore", "ZooNumbers", "ZooOperators", "ZooCompiler"]),
    .target(name: "CZooPlugin"),
    .target(name: "ZooPlugin", dependencies: ["CZooPlugin"]),
    .target(name: "CZooSystem"),
    .target(
      name: "ZooSystem",
      dependencies: [
        "ZooPlatform", "ZooCore", "CZooPlugin", "CZooSystem", .product(name: "Logging", package: "swift-log"),
      ]),
    .target(
      name: "ZooPluginHost",
      dependencies: [
        "ZooPlatform", "ZooCore", "ZooNumbers", "ZooOperators", "ZooCompiler", "ZooSystem", "CZooPlugin", "CZooSystem",
        .product(name: "Logging", package: "swift-log"),
      ]),
    .target(
      name: "ZooRuntime",
      dependencies: [
        "ZooPlatform", "ZooCore", "ZooNumbers", "ZooOperators", "ZooCompiler", "ZooPatterns", "ZooSystem",
        "ZooPluginHost", "CZooPlugin",
      ]),

    // File formats.
    .systemLibrary(
      name: "CProtobufC", path: "Formats/CProtobufC", pkgConfig: "libprotobuf-c",
      providers: [.apt(["libprotobuf-c-dev"])]),
    .systemLibrary(name: "CZlib", path: "Formats/CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(
      name: "CPackageSchema", dependencies: ["CProtobufC"], path: "Formats/Package/Schema", exclude: ["zoo.proto"]),
    .target(name: "CPackageCodec", dependencies: ["CZlib"], path: "Formats/Package/Codec"),
    .target(
      name: "PackageFormat",
      dependencies: ["ZooCore", "Files", "CPackageCodec", "CPackageSchema", "CProtobufC", "CZlib"],
      path: "Formats/Package/PackageFormat"),
    .target(
      name: "CONNXSchema", dependencies: ["CProtobufC"], path: "Formats/ONNX/Schema", exclude: ["onnx.proto"]),
    .target(
      name: "ONNXFormat", dependencies: ["ZooPlatform", "ZooCore", "Files", "Wire", "CONNXSchema", "CProtobufC"],
      path: "Formats/ONNX/ONNXFormat"),
    .target(
      name: "OpsetConversion", dependencies: ["ZooCore", "ZooOperators"], path: "Formats/ONNX/OpsetConversion"),
    .target(name: "CFileFaults", path: "Formats/CFileFaults"),
    .target(name: "Files", dependencies: ["ZooPlatform", "ZooCore", "CFileFaults"], path: "Formats/Files"),
    .target(name: "Wire", dependencies: ["ZooCore"], path: "Formats/Wire"),
    .target(name: "GraphWriter", dependencies: ["ZooCore", "ZooOperators"], path: "Formats/GraphWriter"),
    .target(
      name: "CaffeFormat",
      dependencies: ["TensorFiles", "ZooCore", "ZooNumbers", "ZooOperators", "Files", "GraphWriter", "Wire"],
      path: "Formats/Caffe"),
    .target(
      name: "TFLiteFormat",
      dependencies: ["TensorFiles", "ZooCore", "ZooNumbers", "ZooOperators", "Files", "GraphWriter"],
      path: "Formats/TFLite"),
    .target(name: "JSON", dependencies: ["ZooCore"], path: "Formats/JSON"),
    .target(name: "Zip", dependencies: ["ZooCore", "Files", "CZlib"], path: "Formats/Zip"),
    .target(
      name: "GGUFFormat",
      dependencies: ["TensorFiles", "ZooCore", "ZooNumbers", "WeightBlocks", "Files", "JSON", "Zip"],
      path: "Formats/GGUF"),
    .target(name: "NumPyFormat", dependencies: ["TensorFiles", "ZooCore", "Files", "Zip"], path: "Formats/NumPy"),
    .target(name: "TensorFiles", dependencies: ["ZooCore", "JSON"], path: "Formats/TensorFiles"),
    .target(
      name: "PyTorchFormat", dependencies: ["ZooCore", "ZooNumbers", "Files", "TensorFiles", "Zip"],
      path: "Formats/PyTorch"),
    .target(
      name: "HDF5Format", dependencies: ["TensorFiles", "ZooCore", "Files", "Zip", "CZlib"], path: "Formats/HDF5"),
    .target(
      name: "KerasFormat",
      dependencies: [
        "TensorFiles", "ZooCore", "ZooNumbers", "ZooOperators", "Files", "GraphWriter", "HDF5Format", "JSON", "Zip",
      ],
      path: "Formats/Keras"),
    .target(
      name: "SVMModelFormat", dependencies: ["TensorFiles", "ZooCore", "ZooNumbers", "Files"], path: "Formats/SVMModel"),
    .target(
      name: "SafetensorsFormat", dependencies: ["ZooPlatform", "ZooCore", "Files", "JSON", "TensorFiles"],
      path: "Formats/Safetensors"),

    // Plugins.
    .target(name: "CVectorKernels", path: "Plugins/Kernels"),
    .target(name: "PluginSupport", dependencies: ["ZooPlugin"], path: "Plugins/Support"),
    // Apart, since whoever links it has the kernels of all instruction sets in it.
    .target(
      name: "KernelSupport", dependencies: ["ZooPlugin", "PluginSupport", "CVectorKernels"],
      path: "Plugins/KernelSupport"),
    .target(name: "CStandardKernels", dependencies: ["CVectorKernels"], path: "Plugins/Standard/Kernels"),
    .target(
      name: "StandardPlugin",
      dependencies: ["ZooPlugin", "PluginSupport", "KernelSupport", "CStandardKernels", "CVectorKernels"],
      path: "Plugins/Standard/Operators"),
    .target(name: "StandardExport", dependencies: ["StandardPlugin"], path: "Plugins/Standard/Export"),
    .target(
      name: "AttentionPlugin", dependencies: ["ZooPlugin", "PluginSupport", "KernelSupport", "CVectorKernels"],
      path: "Plugins/Attention/Operators"),
    .target(name: "AttentionExport", dependencies: ["AttentionPlugin"], path: "Plugins/Attention/Export"),
    .target(name: "CConvKernels", dependencies: ["CVectorKernels"], path: "Plugins/Conv/Kernels"),
    .target(
      name: "ConvPlugin",
      dependencies: ["ZooPlugin", "PluginSupport", "KernelSupport", "CConvKernels", "CVectorKernels"],
      path: "Plugins/Conv/Operators"),
    .target(name: "ConvExport", dependencies: ["ConvPlugin"], path: "Plugins/Conv/Export"),
    .target(name: "CVisionKernels", path: "Plugins/Vision/Kernels"),
    .target(
      name: "VisionPlugin", dependencies: ["ZooPlugin", "PluginSupport", "CVisionKernels"],
      path: "Plugins/Vision/Operators"),
    .target(name: "VisionExport", dependencies: ["VisionPlugin"], path: "Plugins/Vision/Export"),
    .target(
      name: "SVMPlugin", dependencies: ["ZooPlugin", "PluginSupport", "KernelSupport", "CVectorKernels"],
      path: "Plugins/SVM/Operators"),
    .target(name: "SVMExport", dependencies: ["SVMPlugin"], path: "Plugins/SVM/Export"),
    .target(name: "CMLKernels", path: "Plugins/ML/Kernels"),
    .target(
      name: "MLPlugin", dependencies: ["ZooPlugin", "PluginSupport", "CMLKernels", "CVectorKernels"],
      path: "Plugins/ML/Operators"),
    .target(name: "MLExport", dependencies: ["MLPlugin"], path: "Plugins/ML/Export"),
    .systemLibrary(
      name: "COpenJPEG", path: "Plugins/Picture/COpenJPEG", pkgConfig: "libopenjp2",
      providers: [.apt(["libopenjp2-7-dev"])]),
    .target(
      name: "CJPEG2000", dependencies: ["COpenJPEG"], path: "Plugins/Picture/JPEG2000",
      cSettings: [.define("ZOO_JPEG2000", .when(traits: ["JPEG2000"]))]),
    .target(
      name: "PicturePlugin",
      dependencies: [
        "ZooCore", "ZooPlugin", "PluginSupport", "ZooImage",
        .target(name: "CJPEG2000", condition: .when(traits: ["JPEG2000"])),
      ],
      path: "Plugins/Picture/Operators"),
    .target(name: "PictureExport", dependencies: ["PicturePlugin"], path: "Plugins/Picture/Export"),
    .target(
      name: "LinkedPlugins",
      dependencies: [
        "CZooPlugin", "StandardPlugin", "ConvPlugin", "AttentionPlugin", "VisionPlugin", "SVMPlugin", "MLPlugin",
        "PicturePlugin",
      ],
      path: "Plugins/Linked"),

    // Architectures.
    .target(name: "GraphBuilder", dependencies: ["TensorFiles", "ZooCore", "ZooNumbers"], path: "Zoo/GraphBuilder"),
    .target(
      name: "ResNet", dependencies: ["ZooCore", "GraphBuilder", "HuggingFace"], path: "Zoo/ResNet",
      exclude: ["README.md", "train.py", "resnet20-cifar10.zoo"]),

    .target(
      name: "AlexNet", dependencies: ["ZooCore", "GraphBuilder"], path: "Zoo/AlexNet",
      exclude: ["README.md", "train.py", "alexnet-cifar10.zoo"]),
    .target(
      name: "RCNN", dependencies: ["ZooCore", "GraphBuilder", "AlexNet"], path: "Zoo/RCNN",
      exclude: ["README.md", "train.py", "rcnn-bccd.zoo"]),

    .target(
      name: "EncoderDecoder", dependencies: ["TensorFiles", "ZooCore", "GraphBuilder"],
      path: "Zoo/Transformer/EncoderDecoder"),

    .target(
      name: "HuggingFace",
      dependencies: ["ZooCore", "Files", "JSON", "GraphBuilder", "SafetensorsFormat", "PyTorchFormat"],
      path: "Zoo/HuggingFace"),
    .target(
      name: "TransformerEncoder", dependencies: ["ZooCore", "JSON", "GraphBuilder", "HuggingFace"],
      path: "Zoo/Transformer/Encoder"),
    .target(
      name: "TransformerDecoder",
      dependencies: ["TensorFiles", "ZooCore", "WeightBlocks", "GGUFFormat", "JSON", "GraphBuilder", "HuggingFace"],
      path: "Zoo/Transformer/Decoder"),

    .target(
      name: "CLIP", dependencies: ["ZooCore", "JSON", "GraphBuilder", "HuggingFace", "VisionTransformer"],
      path: "Zoo/Transformer/CLIP"),

    .target(
      name: "ConvNeXt", dependencies: ["ZooCore", "GraphBuilder", "HuggingFace"], path: "Zoo/ConvNeXt"),

    .target(
      name: "VisionTransformer", dependencies: ["ZooCore", "GraphBuilder", "HuggingFace"],
      path: "Zoo/Transformer/Vision"),

    // What people use.
    .systemLibrary(
      name: "CJPEG", path: "Sources/CJPEG", pkgConfig: "libturbojpeg", providers: [.apt(["libturbojpeg0-dev"])]),
    .systemLibrary(name: "CPNG", path: "Sources/CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(name: "CWebP", path: "Sources/CWebP", pkgConfig: "libwebp", providers: [.apt(["libwebp-dev"])]),
    .systemLibrary(name: "CTIFF", path: "Sources/CTIFF", pkgConfig: "libtiff-4", providers: [.apt(["libtiff-dev"])]),
    .systemLibrary(name: "CCairo", path: "Sources/CCairo", pkgConfig: "cairo", providers: [.apt(["libcairo2-dev"])]),
    .target(name: "ZooDrawing", dependencies: ["ModelZoo", "CCairo"]),
    .target(name: "CPNGReader", dependencies: ["CPNG"]),
    // SwiftPM builds these even if nobody depends on them.
    .target(
      name: "CTIFFReader", dependencies: ["CTIFF"], cSettings: [.define("ZOO_TIFF", .when(traits: ["TIFF"]))]),
    .systemLibrary(
      name: "COniguruma", path: "Sources/COniguruma", pkgConfig: "oniguruma", providers: [.apt(["libonig-dev"])]),
    // Without pkgConfig: it asks for a macro that SwiftPM warns of and nobody here needs.
    .systemLibrary(name: "CUTF8Proc", path: "Sources/CUTF8Proc", providers: [.apt(["libutf8proc-dev"])]),
    .target(
      name: "Tokenizers",
      dependencies: [
        "ZooCore", "JSON", .target(name: "COniguruma", condition: .when(traits: ["Tokenizers"])),
        .target(name: "CUTF8Proc", condition: .when(traits: ["Tokenizers"])),
      ]),
    .target(name: "ChatTemplate", dependencies: ["ZooCore", "JSON"]),
    .target(name: "TextGrammar", dependencies: ["ZooCore", "JSON"]),
    .systemLibrary(name: "CExpat", path: "Sources/CExpat", pkgConfig: "expat", providers: [.apt(["libexpat1-dev"])]),
    .target(
      name: "Datasets",
      dependencies: ["ZooPlatform", "TensorFiles", "ZooCore", "Files", "ZooImage", "CExpat", "CZlib", "NumPyFormat"]),
    .target(
      name: "ZooImage",
      dependencies: [
        "ZooCore", "Files", "CJPEG", "CPNG", "CPNGReader", "CZlib",
        .target(name: "CTIFFReader", condition: .when(traits: ["TIFF"])),
        .target(name: "CWebP", condition: .when(traits: ["WebP"])),
      ]),
    .target(
      name: "ModelZoo",
      dependencies: [
        "ZooPlatform", "TensorFiles", "ZooCore", "ZooNumbers", "ZooOperators", "ZooCompiler", "ZooRuntime",
        "ZooPluginHost", "ZooSystem",
        "ChatTemplate", "CZooPlugin", "Files",
        "PackageFormat", "ONNXFormat",
        "OpsetConversion", "PyTorchFormat", "GraphBuilder", "JSON",
        "CaffeFormat", "GGUFFormat", "HDF5Format", "KerasFormat", "NumPyFormat", "SafetensorsFormat", "SVMModelFormat",
        "TFLiteFormat", "AlexNet", "CLIP", "ConvNeXt", "EncoderDecoder", "HuggingFace", "RCNN", "ResNet",
        "TransformerDecoder", "WeightBlocks",
        "TextGrammar", "TransformerEncoder", "VisionTransformer", "Tokenizers", "ZooImage",
      ]),
    .target(
      name: "ZooEvaluation",
      dependencies: ["ModelZoo", "ZooCore", "ZooRuntime", "Datasets", "Files", "NumPyFormat", "ZooImage"]),
    .target(name: "ZooBundle", dependencies: ["ModelZoo"]),
    .target(name: "CModelZoo"),
    .target(name: "ModelZooC", dependencies: ["CModelZoo", "ModelZoo", "ZooCore", "ZooSystem"]),
    .target(name: "CArguments"),
    .executableTarget(
      name: "zoo",
      dependencies: [
        "ZooPlatform", "CArguments", "ModelZoo", "ZooDrawing", "ZooEvaluation", "WeightBlocks", "Files", "GraphBuilder",
        "NumPyFormat",
        "OpsetConversion", "PackageFormat", "ResNet",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ]),

    // Benchmarks, run by hand.
    .executableTarget(
      name: "HandOffBenchmark", dependencies: ["ZooRuntime", "ZooPluginHost", "ZooSystem"], path: "Benchmarks/HandOff"),
    .target(name: "MachineLimits", path: "Benchmarks/MachineLimits"),
    .executableTarget(
      name: "KernelBenchmark",
      dependencies: [
        "ModelZoo", "LinkedPlugins", "ResNet", "ZooRuntime", "ZooPluginHost", "ZooSystem", "MachineLimits",
      ],
      path: "Benchmarks/Kernels"),
    .executableTarget(
      name: "ModelsBenchmark", dependencies: ["ModelZoo", "LinkedPlugins", "ResNet"], path: "Benchmarks/Models"),
    .executableTarget(
      name: "GenerationBenchmark", dependencies: ["ModelZoo", "LinkedPlugins"], path: "Benchmarks/Generation",
      exclude: ["compare.py"]),
    .executableTarget(
      name: "PackageBenchmark", dependencies: ["PackageFormat", "ONNXFormat", "CZlib"], path: "Benchmarks/Package"),

    // Tests.
    .target(
      name: "FuzzTargets",
      dependencies: [
        "TensorFiles", "CaffeFormat", "ChatTemplate", "TextGrammar", "Files", "GGUFFormat", "HDF5Format", "JSON",
        "KerasFormat",
        "NumPyFormat",
        "ONNXFormat",
        "PackageFormat", "PyTorchFormat", "SafetensorsFormat", "SVMModelFormat", "TFLiteFormat", "Tokenizers", "Zip",
        "ZooCore", "ZooOperators", "ZooImage", "CZlib", "ModelZoo", "LinkedPlugins", "OpsetConversion", "ZooRuntime",
        "ZooPluginHost", "ZooSystem", "PicturePlugin", "TransformerDecoder", "WeightBlocks",
      ], path: "Tests/Fuzz/Targets"),
    // Hours of calls, run by hand and by Tests/Sanitize.
    .executableTarget(name: "Soak", dependencies: ["ModelZoo", "LinkedPlugins"], path: "Tests/Soak"),
    .target(name: "TestSupport", dependencies: ["ZooCore"], path: "Tests/Support", exclude: ["ci.skip"]),
    .testTarget(name: "ZooCoreTests", dependencies: ["ZooCore", "ZooPlatform"]),
    .testTarget(name: "ZooNumbersTests", dependencies: ["ZooCore", "ZooNumbers"]),
    .testTarget(name: "ZooCompilerTests", dependencies: ["ZooCompiler", "ZooOperators", "ZooCore"]),
    .testTarget(
      name: "ZooOperatorsTests", dependencies: ["TestSupport", "ONNXFormat", "ZooOperators"],
      exclude: ["microsoft_cases.py", "runtime_shapes.py"]),
    .testTarget(
      name: "ZooRuntimeTests",
      dependencies: [
        "TestSupport", "ZooNumbers", "ZooOperators", "ZooCompiler", "ZooRuntime", "ZooPluginHost", "ZooSystem",
        "StandardPlugin",
        "ConvPlugin",
      ],
      exclude: ["Fixtures"]),
    .testTarget(
      name: "PackageFormatTests", dependencies: ["TestSupport", "PackageFormat", "Files", "CPackageCodec", "CZlib"],
      exclude: ["reader.py"]),
    .testTarget(
      name: "ONNXFormatTests", dependencies: ["TestSupport", "ONNXFormat", "PackageFormat"], exclude: ["models.py"]),
    .testTarget(
      name: "OpsetConversionTests",
      dependencies: ["TestSupport", "ModelZoo", "AlexNet", "ONNXFormat", "OpsetConversion", "RCNN", "ResNet"],
      exclude: ["compare.py", "model_cases.py", "network_cases.py", "node_cases.py", "refused.txt"]),
    .testTarget(
      name: "GGUFFormatTests",
      dependencies: ["TensorFiles", "TestSupport", "GGUFFormat", "NumPyFormat", "WeightBlocks"],
      exclude: ["gguf_files.py"]),
    .testTarget(
      name: "NumPyFormatTests", dependencies: ["TensorFiles", "TestSupport", "NumPyFormat", "Zip"],
      exclude: ["Fixtures", "numpy_files.py"]),
    .testTarget(
      name: "PyTorchFormatTests", dependencies: ["TensorFiles", "TestSupport", "PyTorchFormat"],
      exclude: ["Fixtures", "check_written.py", "make_fixtures.py"]),
    .testTarget(
      name: "SafetensorsFormatTests", dependencies: ["TensorFiles", "TestSupport", "SafetensorsFormat", "Files"],
      exclude: ["safetensors_files.py"]),
    .testTarget(
      name: "GraphFormatTests",
      dependencies: [
        "TestSupport",
        "CaffeFormat", "TFLiteFormat", "SafetensorsFormat", "ZooRuntime", "ZooPluginHost", "ZooSystem",
        "StandardPlugin", "ConvPlugin",
        "AttentionPlugin", "VisionPlugin",
      ],
      exclude: [
        "Caffe/Fixtures", "Caffe/caffe_files.py", "Caffe/make_fixtures.py", "TFLite/Fixtures",
        "TFLite/make_fixtures.py", "TFLite/make_operators.py", "TFLite/lite_files.py",
      ]),
    .testTarget(
      name: "KerasFormatTests",
      dependencies: [
        "TensorFiles", "TestSupport", "KerasFormat", "HDF5Format", "Files", "ZooRuntime", "ZooPluginHost", "ZooSystem",
        "StandardPlugin", "ConvPlugin",
      ],
      exclude: ["Fixtures", "make_fixtures.py", "h5py_files.py"]),
    .testTarget(
      name: "SVMModelFormatTests",
      dependencies: [
        "TestSupport", "SVMModelFormat", "ZooRuntime", "ZooPluginHost", "ZooSystem", "StandardPlugin", "SVMPlugin",
        "ONNXFormat",
      ],
      exclude: ["Fixtures", "make_fixtures.py"]),
    .testTarget(
      name: "ChatTemplateTests", dependencies: ["TestSupport", "ChatTemplate", "JSON"],
      exclude: ["conversations.py", "jinja_peer.py"]),
    .testTarget(name: "TextGrammarTests", dependencies: ["TextGrammar", "JSON", "ZooCore"]),
    .testTarget(
      name: "TokenizersTests", dependencies: ["JSON", "Tokenizers"],
      exclude: ["Fixtures", "make_fixtures.py", "make_sentencepiece.py"]),
    .testTarget(
      name: "StandardPluginTests",
      dependencies: [
        "ZooPlatform", "ZooRuntime", "ZooPluginHost", "ZooSystem", "PluginSupport", "KernelSupport", "StandardPlugin",
        "ConvPlugin",
        "AttentionPlugin", "WeightBlocks",
        "VisionPlugin", "SVMPlugin", "MLPlugin", "PicturePlugin",
      ]),
    // The convolutions' AVX-512 form without AVX-512, of which the product has no need.
    .target(
      name: "CConvWideKernels", dependencies: ["CConvKernels", "CVectorKernels"], path: "Tests/ConvWideKernels",
      cSettings: [.headerSearchPath("../../Plugins/Conv/Kernels")]),
    .testTarget(
      name: "ConvPluginTests",
      dependencies: [
        "TestSupport", "ZooNumbers", "ZooRuntime", "ZooPluginHost", "ZooSystem", "ConvPlugin", "StandardPlugin",
        "CConvKernels", "CConvWideKernels",
        "ONNXFormat",
      ],
      exclude: ["node_cases.py"]),
    .testTarget(
      name: "VisionPluginTests",
      dependencies: ["ZooRuntime", "ZooPluginHost", "ZooSystem", "ZooImage", "VisionPlugin", "StandardPlugin"],
      exclude: ["Fixtures", "make_fixtures.py"]),
    .testTarget(
      name: "SVMPluginTests",
      dependencies: ["TestSupport", "ZooRuntime", "ZooPluginHost", "ZooSystem", "SVMPlugin", "ONNXFormat"],
      exclude: ["make_cases.py"]),
    .testTarget(
      name: "MLPluginTests",
      dependencies: [
        "TestSupport", "ZooRuntime", "ZooPluginHost", "ZooSystem", "MLPlugin", "SVMPlugin", "StandardPlugin",
        "ONNXFormat",
      ],
      exclude: ["Fixtures", "make_cases.py", "make_fixtures.py"]),
    .testTarget(
      name: "ArchitectureTests",
      dependencies: [
        "TestSupport", "AlexNet", "ResNet", "GraphBuilder", "PyTorchFormat", "ZooRuntime", "ZooPluginHost", "ZooSystem",
        "StandardPlugin",
        "ConvPlugin",
      ],
      exclude: ["Fixtures", "make_references.py"]),
    .testTarget(
      name: "ZooImageTests", dependencies: ["TestSupport", "ZooImage"],
      exclude: ["Fixtures", "make_fixtures.py", "make_preprocessing.py"]),
    .testTarget(
      name: "DatasetsTests", dependencies: ["TestSupport", "Datasets"],
      exclude: ["Fixtures", "make_bleu.py", "make_fixtures.py"]),
    .testTarget(
      name: "ModelZooTests",
      dependencies: [
        "TensorFiles", "TestSupport", "ModelZoo", "LinkedPlugins", "ZooEvaluation", "ZooDrawing", "ZooCore", "AlexNet",
        "EncoderDecoder", "GGUFFormat", "TransformerDecoder",
        "GraphBuilder", "HuggingFace", "NumPyFormat", "RCNN", "ResNet", "Tokenizers", "ZooBundle", "ZooPluginHost",
        "ZooRuntime", "ZooSystem", "WeightBlocks",
      ],
      exclude: [
        "Fixtures", "exports.py", "make_generation.py", "make_language_models.py", "make_pretrained.py",
        "make_translation.py",
      ]),
    .testTarget(
      name: "ModelZooCTests", dependencies: ["TestSupport", "CModelZoo", "ModelZoo", "ModelZooC", "LinkedPlugins"]),
    .testTarget(
      name: "CommandTests",
      dependencies: [
        "TensorFiles", "TestSupport", "ModelZoo", "ZooCore", "ZooOperators", "NumPyFormat", "ONNXFormat",
        "PyTorchFormat", "ResNet",
        "SafetensorsFormat",
      ],
      exclude: [
        "conformance.txt", "conformance_cases.py", "node_cases.py", "runtime_cases.py", "stored_weights.py",
        "zipmap_case.py",
      ]),
  ],
  swiftLanguageModes: [.v6]
)
