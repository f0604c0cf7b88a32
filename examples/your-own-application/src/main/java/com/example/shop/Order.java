package com.example.shop;

import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.Positive;

record Order(@NotBlank String product, @Positive int amount) {}
