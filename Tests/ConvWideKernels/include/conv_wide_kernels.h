/* Nothing is declared here: CConvKernels finds these kernels where they are linked (CONV_ISA_WIDE_ON_AVX2). */
