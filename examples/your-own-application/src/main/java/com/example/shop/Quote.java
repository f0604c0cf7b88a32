package com.example.shop;

record Quote(String product, int amount, long cents) {}
